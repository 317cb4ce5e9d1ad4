#include "runtime/base/seam.hpp"

#include <algorithm>

namespace mote::detail {

std::int32_t drawn_slice(split_mix& random, std::int32_t usual) noexcept {
  const std::uint32_t way = random.below(8);
  if (way == 0) return usual;
  return static_cast<std::int32_t>(1 + random.below(way < 5 ? 4 : 32));
}

std::int32_t deterministic_seam::slice(std::int32_t usual) noexcept {
  now_ += 1'000;
  return drawn_slice(random_, usual);
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
