// Where an idle scheduler's thread waits. Timers give the wait its end; whatever else may bring work from outside (sockets,
// say) implements this and wakes the scheduler through it.
#pragma once

#include "runtime/os/parker.hpp"

#include <cstdint>

namespace mote::detail {

class event_source {
 public:
  event_source() = default;
  event_source(const event_source&) = delete;
  event_source& operator=(const event_source&) = delete;
  virtual ~event_source() = default;

  /// The scheduler's thread. Returns when woken, when the time is up, or when something has come in, which poll then makes
  /// ready. May return early.
  virtual void wait(std::uint64_t timeout_ns) noexcept = 0;
  /// Any thread. Ends the wait under way, or the next one.
  virtual void wake() noexcept = 0;
  /// The scheduler's thread, after a wait: whether it brought something that waits for poll.
  virtual bool has_news() const noexcept { return false; }
  /// The scheduler's thread, after a wait with news and now and then while busy: makes ready what has come in, without
  /// waiting.
  virtual void poll() noexcept {}
};

/// Nothing comes in but what other threads hand over.
class thread_source final : public event_source {
 public:
  void wait(std::uint64_t timeout_ns) noexcept override { static_cast<void>(parker_.park(timeout_ns)); }
  void wake() noexcept override { static_cast<void>(parker_.unpark()); }

 private:
  parker parker_;
};

}  // namespace mote::detail
