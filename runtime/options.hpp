// The limits of the options.
#pragma once

#include "runtime/stack/stack_arena.hpp"

#include <mote/runtime.hpp>

#include <cstdint>

namespace mote::detail {

struct option_range {
  std::uint64_t least, most;
  bool or_zero = false;  ///< which means something of its own
};

struct option_limits {
  static constexpr option_range schedulers{0, 1024};
  static constexpr option_range simulated{0, 64};  ///< schedulers of a deterministic run
  static constexpr option_range processes{16, std::uint64_t{1} << 27};
  static constexpr option_range stack_bytes{std::uint64_t{64} << 10, std::uint64_t{1} << 30};
  static constexpr option_range arena_bytes{stack_arena::smallest_arena, std::uint64_t{1} << 46, true};
  static constexpr option_range budget_bytes{std::uint64_t{1} << 20, std::uint64_t{1} << 46, true};
  static constexpr option_range shutdown_ms{0, 86'400'000};
  static constexpr option_range handoff_ms{0, 3'600'000};
  static constexpr option_range threads{1, 10'000};
};

/// Throws usage_error that names the first impossible option and its limits.
void check_options(const options& given);

}  // namespace mote::detail
