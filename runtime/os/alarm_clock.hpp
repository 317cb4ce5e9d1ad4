// Where one thread sleeps until a bell rings, or until an alarm goes off that another thread has set meanwhile.
#pragma once

#include "runtime/os/bell.hpp"

#include <cstdint>

namespace mote::detail {

class alarm_clock {
 public:
  /// Throws std::system_error that names the limit when the system has no descriptor left.
  alarm_clock();
  ~alarm_clock();
  alarm_clock(const alarm_clock&) = delete;
  alarm_clock& operator=(const alarm_clock&) = delete;

  /// One thread at a time. timeout_ns  no_timeout: none. May return early. Silences both.
  void sleep(std::uint64_t timeout_ns) noexcept;
  /// Any thread. Ends the sleep under way, or the next one.
  void ring() noexcept;
  /// Any thread. The alarm goes off so many nanoseconds from now, instead of when it was set to before; 0: not at all.
  void set(std::uint64_t in_ns) noexcept;

 private:
  bell bell_;
  int clock_;
};

}  // namespace mote::detail
