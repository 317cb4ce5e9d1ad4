// What one scheduler has counted, and all of them together.
#pragma once

#include "runtime/process/core.hpp"

#include <mote/observe.hpp>

namespace mote::detail {

/// place: its station. Any thread; async-signal-safe.
scheduler_statistics statistics_of(const scheduler& one, const station& place) noexcept;

/// Threads in use beside those of the schedulers. Any thread; async-signal-safe.
std::size_t threads_in_use(const runtime& home) noexcept;

/// How many processes there have been, on whatever scheduler, and started from outside.
struct process_counts {
  std::uint64_t spawned = 0, ended = 0;
  /// How many there are.
  std::uint64_t present() const noexcept { return spawned - ended; }
  bool operator==(const process_counts&) const = default;
};
/// Never more ended than spawned, until the runtime's own last process has. Any thread; async-signal-safe.
process_counts counts_of(const runtime& home) noexcept;

}  // namespace mote::detail
