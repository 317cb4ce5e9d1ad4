// Vector clocks and what a model thread knows by them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace mote::model {

inline constexpr std::size_t most_threads = 8;  // the body's own included

using stamp = std::uint32_t;
inline constexpr stamp never = UINT32_MAX;

/// For each thread, up to which of its operations something is known.
struct clock {
  std::array<stamp, most_threads> at{};

  void join(const clock& other) noexcept {
    for (std::size_t i = 0; i < most_threads; ++i) at[i] = std::max(at[i], other.at[i]);
  }
  bool knows(std::size_t thread, stamp when) const noexcept { return when <= at[thread]; }
};

/// What a store hands to those that synchronise with it, and what a thread has by now.
/// before   what happens before: orders plain data as well
/// seen     before, and in addition what seq_cst fences make visible: bounds how stale a load may be, orders no plain
///          data
/// sc       how many seq_cst stores came before the last seq_cst fence
struct view {
  clock before;
  clock seen;
  std::uint32_t sc = 0;

  void join(const view& other) noexcept {
    before.join(other.before);
    seen.join(other.seen);
    sc = std::max(sc, other.sc);
  }
};

}  // namespace mote::model
