// Where the runtime's random numbers start when nobody gave a seed.
#pragma once

#include <cstdint>

namespace mote::detail {

/// 64 random bits of the kernel. Any thread. Blocks only while a machine that has just started gathers randomness.
std::uint64_t random_seed() noexcept;

}  // namespace mote::detail
