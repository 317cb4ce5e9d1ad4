// Random numbers that a simulated run repeats.
#pragma once

#include <cstdint>
#include <limits>

namespace mote {

/// A std::uniform_random_bit_generator without a state of its own, for std::uniform_int_distribution, std::shuffle and the like. On the
/// machine the numbers are each scheduler's, seeded by the system: good for jitter and for games, not for secrets. In deterministic
/// mode and in mote::sim they come from the seed.
class random_source {
 public:
  using result_type = std::uint64_t;
  static constexpr result_type min() noexcept { return 0; }
  static constexpr result_type max() noexcept { return std::numeric_limits<result_type>::max(); }
  /// 64 bits. Called from a process; throws usage_error in a plain thread. Blocks never.
  result_type operator()() const;
};

}  // namespace mote
