// The expedited private barrier, an interrupt to each processor that runs a thread of ours.
#include "runtime/os/membarrier.hpp"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/check.hpp"

namespace mote::detail {

bool membarrier_available() noexcept {
  static const bool available = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  return available;
}

void membarrier_all() noexcept {
  MOTE_CHECK(membarrier_available());
  MOTE_CHECK(syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0);
}

}  // namespace mote::detail
