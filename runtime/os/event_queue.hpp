// The kernel's queue of readiness (epoll), with a bell (eventfd) by which any thread ends the wait of the one that waits.
// A descriptor is added once, edge-triggered, and leaves the queue when it is closed.
#pragma once

#include <sys/epoll.h>

#include <cstddef>
#include <cstdint>

namespace mote::detail {

class event_queue {
 public:
  /// Throws std::system_error that names the limit when the system has no descriptor left.
  event_queue();
  ~event_queue();
  event_queue(const event_queue&) = delete;
  event_queue& operator=(const event_queue&) = delete;

  /// Any thread. `name` comes back with each event. room: when it can be written is told, too. 0, or an errno value: EPERM for
  /// what has no readiness (a file).
  int add(int descriptor, std::uint64_t name, bool room) noexcept;
  /// Any thread. Has the descriptor's readiness told again, from scratch. 0 or an errno value.
  int renew(int descriptor, std::uint64_t name, bool room) noexcept;
  /// Any thread. For a descriptor that stays open.
  void remove(int descriptor) noexcept;

  /// Takes up to `most` events. timeout_ns  0: does not wait; no_timeout: for ever. Only one thread waits at a time, any may
  /// look. Returns early when the bell rings or a signal handler ran.
  std::size_t wait(epoll_event* out, std::size_t most, std::uint64_t timeout_ns) noexcept;
  /// Any thread. Ends the wait under way, or the next one. Async-signal-safe.
  void ring() noexcept;

 private:
  int change(int how, int descriptor, std::uint64_t name, bool room) noexcept;
  std::size_t without_bell(epoll_event* events, std::size_t count, bool waited) noexcept;

  int queue_;
  int bell_;
};

}  // namespace mote::detail
