#include "runtime/os/bell.hpp"

#include "runtime/os/system_refusal.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace mote::detail {

bell::bell(const char* what) : descriptor_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (descriptor_ < 0) throw system_refusal(errno, what);
}

bell::~bell() { ::close(descriptor_); }

void bell::ring() noexcept {
  const std::uint64_t once = 1;
  static_cast<void>(!::write(descriptor_, &once, sizeof once));  // EAGAIN: it rings already
}

void bell::silence() noexcept {
  std::uint64_t times = 0;
  static_cast<void>(!::read(descriptor_, &times, sizeof times));
}

}  // namespace mote::detail
