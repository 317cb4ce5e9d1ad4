// Until when a call may wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>

namespace mote {

/// The last moment of a wait, by the runtime's clock (now()): a time from now, a moment, or none. Made where it is written,
/// so one deadline may be given to several calls in a row. Zero or less, and what lies in the past: do not wait.
/// Called from a process, except for the default.
class deadline {
 public:
  /// For ever.
  constexpr deadline() noexcept = default;
  deadline(std::chrono::nanoseconds from_now);
  template <class Count, class Period>
  deadline(std::chrono::duration<Count, Period> from_now)
      : deadline(std::chrono::duration_cast<std::chrono::nanoseconds>(from_now)) {}
  deadline(std::chrono::steady_clock::time_point moment);

  /// Nanoseconds of the runtime's clock; 0: do not wait, the largest value: for ever.
  std::uint64_t at_ns() const noexcept { return at_ns_; }

 private:
  std::uint64_t at_ns_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace mote
