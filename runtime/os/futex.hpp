// Sleeping on a word of memory until another thread of this OS process wakes it (Linux's private futexes).
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace mote::detail {

inline constexpr std::uint64_t no_timeout = UINT64_MAX;

/// Blocks while word holds `expected`, for timeout_ns of the monotonic clock at most. Returns early whenever it likes:
/// the word has changed, it was woken, a signal handler ran. The caller looks at the word again.
/// Returns  false when the time is up.
bool futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected, std::uint64_t timeout_ns) noexcept;

/// Ends the sleep of one thread in futex_wait on that word, if there is one. Never blocks.
void futex_wake_one(const atomic<std::uint32_t>& word) noexcept;

}  // namespace mote::detail
