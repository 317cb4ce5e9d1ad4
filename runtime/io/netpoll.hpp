// Readiness from the kernel to the processes that wait for it: one event queue for a runtime, which all its schedulers share.
//
// Of the idle schedulers one at a time holds the office: it waits in the queue, the others on their futexes. Busy ones look
// into the queue without waiting, now and then.
//
// N1  Who goes to sleep takes the office if it is free. Who holds it and wakes gives it up and takes the events with it; it
//     then runs as any scheduler that has found work, so it wakes another if nobody searches or watches (idle.hpp, W2, W5):
//     that one finds nothing, goes to sleep and takes the office. So events wait for a busy scheduler's next look at most.
// N2  The wake of a scheduler is a permit (parker). Only where it was announced as in the queue, or as the deputy, a bell is
//     rung; the bell is silenced by who sleeps there alone, who is awake then and looks at everything again.
// N3  Before the first descriptor is added nobody uses the queue. Who adds it wakes all, so that a sleeper takes the office.
// N4  Who leaves the office with all others asleep wakes nobody: mostly it is back before long. But it may run a process that
//     computes for seconds. So one of the others sleeps as the deputy, by an alarm clock, which the holder sets when it leaves
//     and stops when it is back; the deputy whom it wakes finds the office free and events in the queue. The holder leaves,
//     fences, looks for a deputy; the deputy announces itself, fences, looks whether the office is free: of two, one sees the
//     other (O2).
// N5  Who waits in the queue and was woken there by events within a short while the last time looks for as long before it
//     sleeps: the peer of a conversation answers sooner than another core wakes. A look in vain makes it sleep at once the
//     next 1, 3, 7, ... times, so that who is seldom called does not look.
// O1  in_use_ (release) -> a scheduler that goes to sleep (acquire), or has the permit of N3.
// O2  office_taken_ and deputy_taken_, each stored before a seq_cst fence and the look at the other.
// O3  who leaves the office, or the deputy's place (release) -> who takes it next (acquire): it has what belongs to it.
#pragma once

#include "runtime/io/io_table.hpp"
#include "runtime/os/alarm_clock.hpp"
#include "runtime/os/cores.hpp"
#include "runtime/os/event_queue.hpp"
#include "scheduler/event_source.hpp"

#include <array>
#include <atomic>
#include <memory>

namespace mote::detail {

class core;
class scheduler_group;

class netpoll {
 public:
  /// Throws std::system_error that names the limit, when the system has no descriptor left.
  netpoll(io_table& table, scheduler_group& schedulers)
      : table_(table), schedulers_(schedulers), peers_have_cores_(usable_cores() > 1) {}

  /// Any thread of the runtime's. From here on the entry's readiness is told. 0 or an errno value.
  int add(io_entry& entry) noexcept;
  int renew(io_entry& entry) noexcept { return queue_.renew(entry.descriptor, entry.name(), entry.room_told); }
  void remove(io_entry& entry) noexcept { queue_.remove(entry.descriptor); }

  /// For one scheduler; lives no longer than this.
  std::unique_ptr<event_source> make_source();

 private:
  friend class netpoll_source;

  bool in_use() const noexcept { return in_use_.load(acquire); }  // O1
  bool take_office() noexcept;
  void leave_office() noexcept;
  bool take_deputy() noexcept { return !deputy_taken_.load(relaxed) && !deputy_taken_.exchange(true, acquire); }  // O3
  void leave_deputy() noexcept { deputy_taken_.store(false, release); }  // O3
  bool office_is_free() const noexcept;
  void start_using() noexcept;

  io_table& table_;
  scheduler_group& schedulers_;
  const bool peers_have_cores_;  // beside the one that waits
  event_queue queue_;
  alarm_clock clock_;
  std::atomic<bool> in_use_{false};
  alignas(64) std::atomic<bool> office_taken_{false};
  std::atomic<bool> deputy_taken_{false};
  std::atomic<bool> alarm_set_{false};
};

/// Where one scheduler waits.
class netpoll_source final : public event_source {
 public:
  explicit netpoll_source(netpoll& shared) noexcept : shared_(shared) {}

  void wait(std::uint64_t timeout_ns) noexcept override;
  void wake() noexcept override;
  bool has_news() const noexcept override { return count_ != 0; }
  void poll() noexcept override;

 private:
  static constexpr std::size_t most_events = 256;
  static constexpr permit::word in_queue = permit::away;
  static constexpr permit::word as_deputy = permit::away + 1;

  void wait_in_queue(std::uint64_t timeout_ns) noexcept;
  bool look_awhile(core& here, std::uint64_t end_ns) noexcept;
  void wait_as_deputy(std::uint64_t timeout_ns) noexcept;

  netpoll& shared_;
  parker parker_;
  bool events_soon_ = false;      // N5
  std::uint32_t waits_to_skip_ = 0;
  std::uint32_t skipped_at_once_ = 0;
  std::size_t count_ = 0;
  std::array<epoll_event, most_events> events_;
};

}  // namespace mote::detail
