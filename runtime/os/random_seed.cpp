// getrandom(2): up to 256 bytes come whole, and only a signal during the first wait after boot interrupts it.
#include "runtime/os/random_seed.hpp"

#include <sys/random.h>

#include <cerrno>

#include "runtime/base/check.hpp"

namespace mote::detail {

std::uint64_t random_seed() noexcept {
  std::uint64_t seed = 0;
  for (;;) {
    if (getrandom(&seed, sizeof seed, 0) == static_cast<ssize_t>(sizeof seed)) return seed;
    MOTE_CHECK(errno == EINTR);
  }
}

}  // namespace mote::detail
