// Where one thread sleeps and any thread wakes it: a permit that unpark leaves and park takes.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/os/futex.hpp"

namespace mote::detail {

/// state_:  empty   awake, no permit
///          permit  awake, the next park returns at once
///          asleep  the owner is in the kernel, or on the way there or back
/// P1  Only the owner writes asleep, and only over empty.
/// P2  Each unpark leaves a permit, and makes a system call only where it replaced asleep.
/// P3  The owner leaves asleep only by an exchange, so a permit that comes as the time runs out is taken, not lost.
/// O1  unpark (release) -> park that takes the permit (acquire): the woken thread sees all that was written before.
///     unpark is a read-modify-write also over a permit, so it continues the release sequence of those before it, and
///     the owner sees what each of them saw.
/// Source: the parker of Rust's standard library (std::sys::sync::thread_parking::futex).
class parker {
 public:
  parker() = default;
  parker(const parker&) = delete;
  parker& operator=(const parker&) = delete;

  /// Owner thread. Takes the permit, or sleeps until there is one; permits do not add up.
  /// timeout_ns  of the monotonic clock; no_timeout: none.
  /// Returns     true: a permit was taken. False: the time is up, or, with a timeout, a signal handler ran before.
  bool park(std::uint64_t timeout_ns = no_timeout) noexcept;

  /// Any thread, and async-signal-safe. Never blocks. The parker must outlive the call.
  void unpark() noexcept;

 private:
  enum : std::uint32_t { empty, permit, asleep };

  atomic<std::uint32_t> state_{empty};
};

}  // namespace mote::detail
