// CLOCK_MONOTONIC as one number; 64 bits of nanoseconds last 584 years from the machine's start.
#include "runtime/os/clock.hpp"

#include <ctime>

namespace mote::detail {

std::uint64_t monotonic_ns() noexcept {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace mote::detail
