// Where one thread sleeps and any thread wakes it.
#pragma once

#include <cstdint>

#include "runtime/os/futex.hpp"
#include "runtime/os/permit.hpp"

namespace mote::detail {

class parker {
 public:
  parker() = default;
  parker(const parker&) = delete;
  parker& operator=(const parker&) = delete;

  /// Owner thread. Takes the permit, or sleeps until there is one; permits do not add up.
  /// timeout_ns  of the monotonic clock; no_timeout: none.
  /// Returns     true: a permit was taken. False: the time is up, or, with a timeout, a signal handler ran before.
  bool park(std::uint64_t timeout_ns = no_timeout) noexcept;

  /// Leaves a permit; a system call only where the owner sleeps. Any thread, and async-signal-safe. Never blocks. The
  /// parker must outlive the call.
  /// Returns     permit::away or more: the owner sleeps elsewhere, as it said to go_away, and it is the caller's, and no one
  ///             else's, to wake it there.
  permit::word unpark() noexcept;

  /// Owner thread: instead of park, where it wants to sleep in a call of its own. True: a permit was taken, it stays awake.
  /// False: it sleeps, and says come_back after. where: permit::away or more.
  bool go_away(permit::word where) noexcept { return permit_.take_or_announce(where); }
  /// Owner thread, awake: the next park or go_away takes a permit.
  bool has_permit() const noexcept { return permit_.is_left(); }
  /// Takes the permit that came meanwhile, if one did.
  void come_back() noexcept { static_cast<void>(permit_.wake_up()); }

 private:
  permit permit_;
};

}  // namespace mote::detail
