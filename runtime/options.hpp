// The limits of the options.
#pragma once

#include "runtime/stack/stack_arena.hpp"

#include <mote/runtime.hpp>

#include <cstdint>

namespace mote::detail {

struct option_limits {
  static constexpr std::uint64_t most_schedulers = 1024;
  static constexpr std::uint64_t most_simulated = 64;  ///< schedulers of a deterministic run
  static constexpr std::uint64_t least_processes = 16;
  static constexpr std::uint64_t most_processes = std::uint64_t{1} << 27;
  static constexpr std::uint64_t least_stack = std::uint64_t{64} << 10;
  static constexpr std::uint64_t most_stack = std::uint64_t{1} << 30;
  static constexpr std::uint64_t least_arena = stack_arena::smallest_arena;  ///< or 0
  static constexpr std::uint64_t most_arena = std::uint64_t{1} << 46;
  static constexpr std::uint64_t least_budget = std::uint64_t{1} << 20;  ///< or 0
  static constexpr std::uint64_t most_budget = std::uint64_t{1} << 46;
  static constexpr std::uint64_t most_shutdown_ms = 86'400'000;
  static constexpr std::uint64_t most_handoff_ms = 3'600'000;
  static constexpr std::uint64_t most_threads = 10'000;
};

/// Throws usage_error that names the first impossible option and its limits.
void check_options(const options& given);

}  // namespace mote::detail
