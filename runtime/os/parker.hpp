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
  void unpark() noexcept;

 private:
  permit permit_;
};

}  // namespace mote::detail
