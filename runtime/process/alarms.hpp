// What mote::system_monitor asked for. Whoever may be the cause of an alarm looks here, where he is out of the fast path: who has
// spent his slice on sends to a long mailbox, who drains, who finds a stack that is to be looked at.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/base/inline.hpp"

#include <mote/pid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace mote::detail {

class core;
class process;
class runtime;

/// Changed by system_monitor alone, read by all. No order: an alarm more or less around a change does no harm.
struct alarms {
  static constexpr std::uint64_t off = std::numeric_limits<std::uint64_t>::max();

  atomic<std::uint64_t> monitor_key{0};  ///< 0: nobody
  atomic<std::uint64_t> long_mailbox{off};
  atomic<std::uint64_t> large_stack_bytes{off};
  atomic<bool> long_run{false};
};

/// Asked for: how many wait for this process?
MOTE_COLD void look_at_length(core& here, const process& who) noexcept;
/// On the far side of its switch: a process waits with so much on its stack.
MOTE_COLD void look_at_stack(core& here, process& left, std::size_t bytes) noexcept;
/// A process has not entered the runtime for so long. Any thread.
void tell_long_run(runtime& home, pid who, std::chrono::nanoseconds held) noexcept;

}  // namespace mote::detail
