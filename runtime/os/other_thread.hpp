// What can be known of another thread of this OS process without disturbing it.
#pragma once

#include "runtime/os/backtrace.hpp"

#include <cstdint>
#include <optional>

namespace mote::detail {

/// Processor time that the thread has had, in nanoseconds; 0 when it has ended. thread: as of this_thread_number.
std::uint64_t thread_cpu_ns(int thread) noexcept;

/// Whether the thread waits in the kernel, for a lock, for input, for time to pass. False: it runs, or would if it had a
/// processor; or /proc does not say.
bool thread_waits(int thread) noexcept;

/// Of one that waits in a system call, the two registers that /proc tells: where it goes on, and its stack. From these a walk of
/// its frames begins; one that counts from its frame pointer has that guessed. Nothing: it runs, or /proc does not say.
std::optional<frame_registers> registers_in_call(int thread) noexcept;

}  // namespace mote::detail
