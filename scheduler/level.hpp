// When two schedulers with work are unequal enough to be levelled, and by how much.
#pragma once

#include <algorithm>
#include <cstdint>

namespace mote::detail {

inline constexpr std::uint32_t most_migrated = 64;  // at once

/// How many the one with `theirs` ready gives to the one with `mine`: half of the difference, where that is at least two and
/// more than a quarter of mine. So of two that are levelled neither has twice the other's turns, if it runs one more beside,
/// and small differences, which come and go, move nobody.
constexpr std::uint32_t surplus(std::uint32_t mine, std::uint32_t theirs) noexcept {
  if (theirs <= mine || theirs - mine < 2 || theirs - mine <= mine / 4) return 0;
  return std::min((theirs - mine) / 2, most_migrated);
}

}  // namespace mote::detail
