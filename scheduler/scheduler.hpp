// One scheduler: a thread, what is ready to run on it, and the switch from one runnable to the next. A runnable that waits
// switches straight to the next one; the thread's own context runs only while there is nothing to do.
//
// Owner: the thread, on whatever stack it is. Others reach in through the functions marked so.
//
// S1  What leaves is published by what arrives (settle), on the same thread, after its context is saved.
// S2  The door (door.hpp) is entered whenever the owner may touch the run queue, the slot, or anything else of this object that
//     a raider or a hand-off touches; process code runs outside. While it is borrowed, the owner waits at it.
// S3  The slot holds the runnable made ready last, for it and its waker share the cache. It runs on its waker's slice, so a
//     pair that talks keeps to one slice like anyone; when that is used up, or one of high priority waits, the slot's goes to
//     the queue's end.
// S4  Work that is ready is run by its owner in the end, taken from the ring by a thief, or, when the owner is stuck in a
//     long-running process, taken by the watcher's raid. None is stranded.
// S5  Equal work gets equal turns: now and then a busy one compares what is ready, of each priority, with another, and has
//     that one migrate the surplus. What is pinned stays. Who gets is the one who asked, hence one that makes progress.
// S6  A scheduler holds a station, by which others know it, or none: when a process has not let go of its thread for long, a
//     spare scheduler on another thread takes the station with all that is ready there (handoff.cpp). The old one is left with
//     the process alone, and with what needs no door: its caches, its name for the running one. The process leaves it at its
//     next entry, and the thread returns to the pool.
// S7  Who has stolen little work a few times in a row, less than it costs to move, asks for no more at once: it sleeps, and asks
//     when it watches. One steal that is worth it, and it asks again as before.
#pragma once

#include "runtime/base/annotate.hpp"
#include "runtime/base/inline.hpp"
#include "runtime/base/seam.hpp"
#include "runtime/base/thread_local.hpp"
#include "runtime/base/trace_ring.hpp"
#include "runtime/stack/context.hpp"
#include "runtime/stack/stack_cache.hpp"
#include "runtime/time/timer_wheel.hpp"
#include "scheduler/door.hpp"
#include "scheduler/run_queue.hpp"
#include "scheduler/spoils.hpp"
#include "scheduler/station.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

namespace mote::detail {

class scheduler_group;

/// What a scheduler did about others, ever since. Written by its thread, read by anyone.
struct scheduler_counts {
  relaxed_cell<std::uint64_t> woken;   ///< sleeps that ended, but for the short ones of a watcher
  relaxed_cell<std::uint64_t> shares;  ///< times it offered the half of its queue
  relaxed_cell<std::uint64_t> steals;  ///< times it took from another's offer
  relaxed_cell<std::uint64_t> migrations;  ///< processes it gave to another with less to do
  relaxed_cell<std::uint64_t> raids;   ///< times it took what was stuck behind a process
  relaxed_cell<std::uint64_t> handoffs;  ///< times another thread took it over from a process that did not let go
};

/// What the door of a scheduler is made of on this machine.
struct machine_fences {
  static void light() noexcept { compiler_fence(); }
  static void heavy() noexcept;
  MOTE_COLD static void pause(int looks) noexcept;
};

/// What becomes of the one that left, on the far side of the switch.
using departure = void (*)(scheduler& here, runnable& left) noexcept;

class scheduler : public machine {
 public:
  static constexpr std::int32_t usual_slice = 2000;  // reductions
  static constexpr std::uint32_t service_interval = 64;  // dispatches between looks at timers, injector, other schedulers
  static constexpr std::uint32_t balance_interval = 4 * service_interval;  // at least, between balancing passes

  /// place: what it holds from the start; nullptr: none, a spare one. Of a group whose seams order there are no spare ones.
  scheduler(scheduler_group& group, station* place, stack_arena& stacks);
  virtual ~scheduler();
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// The thread's body: runs what is ready until the group stops, or it has lost its station and the process with which it did.
  void run_thread();
  /// For a spare one, by the thread that is about to run it: takes the station of `victim`, with all that is ready there, if that
  /// one's process has not let go of its thread since so many dispatches. Returns that process's name (runnable_hooks); nothing:
  /// it has let go, or is in the runtime just now.
  std::optional<std::uint64_t> take_over(scheduler& victim, std::uint64_t dispatches) noexcept;
  /// After run_thread: gives its stacks back, if it has no station. False: it has.
  bool become_spare() noexcept;
  /// As run_thread, of one that a conductor runs: on its lane, where the conductor has made it the current one.
  void begin_conducted() noexcept {
    is_conducted_ = true;
    door_.watch();
  }
  /// It runs no further, wherever it stood.
  void end_conducted() noexcept {
    is_conducted_ = false;
    door_.watch_no_more();
    running_ = nullptr;
  }
  void run_until_stopped();

  /// Instead of run_thread, for one without a thread of its own: as a guest of the calling scheduler, on the stack of whoever
  /// runs there, it runs one that is ready, until that leaves. The seam must order. False: nothing is ready.
  bool run_turn() noexcept;

  // ---- for process code entering and leaving the runtime (S2) ----
  /// call: which of the user's it is, for who watches a conducted run; nullptr: it is none.
  /// Returns the scheduler that runs the caller now: another one, if this one has lost its station meanwhile.
  scheduler& enter(const char* call = nullptr, const envelope* mail = nullptr, std::uint64_t about = 0) noexcept {
    tsan_enter_scheduler();
    if (!door_.enter()) [[unlikely]] return wait_at_door({call, mail, about});
    return *this;
  }
  /// As enter, where the door stands open and nobody looks at entries. False: enter is wanted.
  bool enter_freely() noexcept {
    tsan_enter_scheduler();
    if (door_.enter()) [[likely]] return true;
    tsan_leave_scheduler();
    return false;
  }
  void leave() noexcept {
    door_.leave();
    tsan_leave_scheduler();
  }

  /// Whether the owner is in the runtime. Owner.
  bool inside() const noexcept { return door_.inside(); }

  // ---- for the owner, in the runtime ----
  /// In the child of a fork, where this thread is the only one: nothing runs here any more, and whoever comes to the door is
  /// told so and ends the OS process.
  void orphan() noexcept;
  /// Makes another one the running one, without a switch; returns the one before.
  runnable* act_as(runnable* other) noexcept {
    runnable* const before = running_;
    running_ = other;
    return before;
  }
  runnable* running() const noexcept { return running_; }
  unsigned index() const noexcept { return index_; }
  scheduler_group& group() const noexcept { return group_; }
  timer_wheel& timers() noexcept { return station_->timers; }
  seam& order() noexcept { return *station_->order; }
  trace_ring& trace() noexcept { return trace_; }
  const trace_ring& trace() const noexcept { return trace_; }
  std::uint64_t now_ns() noexcept { return station_->order->now_ns(); }
  /// The time as it was when somebody here last looked at the clock: early by what 256 dispatches took, at most. In units of
  /// 2^20 ns, about a millisecond; wraps after 52 days. For reports.
  std::uint32_t coarse_time() const noexcept { return coarse_time_; }
  static constexpr unsigned coarse_shift = 20;

  /// Charges the running one. False: its slice is used up, and it should yield where that may be.
  bool spend(std::int32_t reductions) noexcept {
    const std::int32_t left = reductions_ - reductions;
    reductions_ = left;
    return left > 0;
  }
  bool slice_used_up() const noexcept { return reductions_ <= 0; }
  /// The rest of the slice is gone, unspent. Also in a signal handler on the owner's thread.
  void end_slice() noexcept {
    charged_ = charged_ - reductions_;
    reductions_ = 0;
  }
  /// Reductions spent here since the last call.
  std::uint32_t take_spent() noexcept {
    const std::int32_t left = reductions_;
    const auto spent = static_cast<std::uint32_t>(charged_ - left);
    charged_ = left;
    return spent;
  }

  /// Makes one ready that is nobody else's: it runs soon, here unless pinned elsewhere.
  void make_ready(runnable& item) noexcept;
  /// The same in parts, for a caller that wants no call in its usual way: into the slot, if that is where it belongs; and, if
  /// nobody watches who should, somebody is woken.
  static bool belongs_in_slot(const runnable& item) noexcept { return item.pinned == no_pin && item.priority == 1; }
  void put_in_slot(runnable& item) noexcept;
  bool wants_watcher() const noexcept;
  MOTE_COLD void wake_another() noexcept;
  /// As make_ready, behind all that is ready here already.
  void enqueue(runnable& item) noexcept;
  /// Makes one ready that has never run, made by the running one.
  void launch(runnable& newborn) noexcept;
  /// Leaves the running one for the next; `then` is called for it on the far side. Returns when somebody runs it again, and on
  /// which scheduler.
  scheduler& switch_away(departure then) noexcept;
  /// As switch_away with enqueue, but at once goes on if nothing else is ready.
  scheduler& yield() noexcept;
  /// As yield, where the seam orders: it may also say that the running one goes on.
  MOTE_COLD scheduler& yield_ordered() noexcept;
  bool orders() const noexcept { return orders_; }
  /// As yield, to go on at another scheduler, since it works for somebody there. Stays if it is pinned, or no such one exists.
  scheduler& yield_to(unsigned there) noexcept;

  /// Leaves the running one, which has ended, for good, and gives up its stack with all that is on it.
  [[noreturn]] void retire(stack* ground) noexcept;

  // ---- for other threads ----
  std::uint64_t dispatches() const noexcept { return dispatches_.load(relaxed); }
  const scheduler_counts& counts() const noexcept { return counts_; }
  /// What is ready here, without what is in the station.
  std::uint32_t queued() const noexcept { return queue_.size() + (slot_.load(relaxed) != nullptr); }
  /// The kernel's number for the thread that runs it.
  int thread() const noexcept { return thread_; }
  /// Whether the owner is in a process's code, or about to be.
  bool in_process() const noexcept { return !door_.inside() && running_ != nullptr; }
  /// As end_slice, but the rest counts as spent: it has taken the time. May go unnoticed.
  void cut_slice() noexcept { reductions_ = 0; }
  /// The owner looks at timers, injector and other schedulers before its next dispatch.
  void ask_to_look() noexcept { wanted_.store(a_look, relaxed); }

 protected:
  stack_cache stacks_;

 private:
  friend class scheduler_group;

  // dispatch.cpp
  runnable* pick() noexcept;
  runnable* pick_easily() noexcept;
  MOTE_COLD runnable* pick_ordered() noexcept;
  runnable* take_queued() noexcept;
  MOTE_COLD bool take_back() noexcept;
  void fill_slice(std::int32_t slice = usual_slice) noexcept;
  bool prepare(runnable& next) noexcept;
  bool prepare_new(runnable& next) noexcept;
  bool prepare_or_refuse(runnable& next) noexcept;
  MOTE_COLD void make_special_ready(runnable& item) noexcept;
  runnable* pick_prepared() noexcept;
  void settle(context from) noexcept;
  __attribute__((noinline)) void settle_nobody(context from) noexcept;
  scheduler& go_to(runnable* next) noexcept;
  scheduler& leave_to(runnable* next, departure then) noexcept;
  __attribute__((noinline)) scheduler& switch_to_any(departure then) noexcept;
  __attribute__((noinline)) scheduler& yield_to_any() noexcept;
  static void to_the_end(scheduler& here, runnable& left) noexcept;
  static void begin(arrival first) noexcept;
  void start_running(runnable& next) noexcept;
  [[noreturn]] void leave_for(runnable* next, stack* ground) noexcept;
  MOTE_COLD void service() noexcept;
  MOTE_COLD void service_inside() noexcept;
  std::uint64_t look_at_clock() noexcept;
  void take_injected() noexcept;
  MOTE_COLD scheduler& wait_at_door(runtime_call what) noexcept;
  MOTE_COLD void stop_at_door(const runtime_call& what) noexcept;

  // balance.cpp
  struct request;
  void take_remote() noexcept;
  void answer() noexcept;
  void share() noexcept;
  std::uint32_t keep_pinned(runnable** items, std::uint32_t count) noexcept;
  void balance() noexcept;
  void migrate(const request& wanted) noexcept;

  // search.cpp
  std::uint32_t ready_here() const noexcept { return queued() + station_->ring.size(); }
  runnable* search() noexcept;
  runnable* look_here() noexcept;
  runnable* look_once(bool ask) noexcept;
  runnable* steal_from(station& victim) noexcept;
  bool wants_others_work() noexcept;
  runnable* keep_first(runnable** items, std::uint32_t count) noexcept;
  runnable* park() noexcept;
  runnable* rise() noexcept;
  runnable* watch() noexcept;
  bool raid(scheduler& victim) noexcept;
  void stop_idling() noexcept;
  bool anything_offered() noexcept;
  bool anything_to_do() noexcept;
  std::uint64_t wait_limit() noexcept;
  bool stuck() noexcept;

  // handoff.cpp
  scheduler& rejoin() noexcept;
  bool may_lose_its_station(std::uint64_t dispatches) const noexcept;

  alignas(64) basic_door<machine_fences> door_;  // written by the owner at each runtime call
  const bool orders_;  // the seam decides who is next
  bool is_guest_ = false;  // runs a turn at a time
  bool orphaned_ = false;  // in the child of a fork
  bool is_conducted_ = false;  // others may go on at the door
  bool may_pick_ = false;  // a guest: its turn has not begun
  relaxed_cell<std::int32_t> reductions_ = 0;
  relaxed_cell<std::int32_t> charged_ = 0;
  relaxed_cell<std::uint32_t> coarse_time_;
  relaxed_cell<runnable*> running_ = nullptr;
  std::atomic<runnable*> slot_{nullptr};  // owner and raider only; atomic for those who look
  run_queue queue_;
  std::atomic<std::uint64_t> dispatches_{0};
  runnable* left_ = nullptr;
  departure then_ = nullptr;
  stack* spent_ground_ = nullptr;
  context native_where_ = nullptr;
  station* station_;  // nullptr: none (S6)
  trace_ring trace_;
  scheduler_counts counts_;
  scheduler_group& group_;
  unsigned index_;  // the station's
  relaxed_cell<int> thread_ = 0;
  bool searching_ = false;
  bool gave_away_ = false;  // its own work, because it is better done elsewhere: no reason to ask for some at once
  spoils spoils_;
  std::uint64_t balanced_ns_ = 0;  // when it last compared itself

  // Written by others. Hints: what is written when the scheduler has just lost its station is lost, too.
  static constexpr std::uint32_t an_offer = 0xFFFF'FFFF;
  static constexpr std::uint32_t a_look = 0xFFFF'FFFE;
  alignas(64) std::atomic<std::uint32_t> wanted_{0};  // nothing, one of these, or a request (balance.cpp); a later one replaces it
};

/// The scheduler whose thread this is, or nullptr in a plain thread. Read anew after anything that may switch.
MOTE_THREAD_POINTER(scheduler, current_scheduler)

}  // namespace mote::detail
