#include "runtime/base/seam.hpp"

#include <algorithm>

namespace mote::detail {

// Most slices are short, so that processes are switched inside what they do; some are whole, so that bursts happen too.
std::int32_t deterministic_seam::slice(std::int32_t usual) noexcept {
  now_ += 1'000;
  const std::uint32_t way = random_.below(8);
  if (way == 0) return usual;
  return static_cast<std::int32_t>(1 + random_.below(way < 5 ? 4 : 32));
}

bool deterministic_seam::skip_to(std::uint64_t deadline_ns) noexcept {
  now_ = std::max(now_, deadline_ns);
  return true;
}

bool guest_seam::skip_to(std::uint64_t deadline_ns) noexcept {
  const std::uint64_t now = now_ns();
  if (deadline_ns > now) ahead_ns_ += deadline_ns - now;
  return true;
}

}  // namespace mote::detail
