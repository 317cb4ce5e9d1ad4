// The one place that reads the machine's clock. The seam calls it, so that virtual time is complete, and the
// watch over turns, which exists only where time is the machine's.
#pragma once

#include <cstdint>

namespace mote::detail {

/// Nanoseconds of CLOCK_MONOTONIC: never goes back, stands still while the machine is suspended. Any thread;
/// async-signal-safe; about 25 ns, without a system call where the kernel's vDSO knows the clock.
std::uint64_t monotonic_ns() noexcept;

}  // namespace mote::detail
