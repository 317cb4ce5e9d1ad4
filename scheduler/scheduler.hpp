// One scheduler: a thread, what is ready to run on it, and the switch from one runnable to the next. A runnable that waits
// switches straight to the next one; the thread's own context runs only while there is nothing to do.
//
// Owner: the thread, on whatever stack it is. Others reach in through the functions marked so.
//
// S1  What leaves is published by what arrives (settle), on the same thread, after its context is saved.
// S2  in_runtime_ is set whenever the owner may touch the run queue, the slot, or anything else of this object; process code
//     runs with it clear. While borrowed_ is marked by a raider that saw in_runtime_ clear, the owner waits at the door.
// S3  The slot holds the runnable made ready last, for it and its waker share the cache. It runs on its waker's slice, so a
//     pair that talks keeps to one slice like anyone; when that is used up, or one of high priority waits, the slot's goes to
//     the queue's end.
// S4  Work that is ready is run by its owner in the end, taken from the ring by a thief, or, when the owner is stuck in a
//     long-running process, taken by the watcher's raid. None is stranded.
// S5  Equal work gets equal turns: now and then a busy one compares what is ready, of each priority, with another, and has
//     that one migrate the surplus. What is pinned stays. Who gets is the one who asked, hence one that makes progress.
// O1  make_remote (release) -> take_remote (acquire): the owner, or a raider, sees the runnable.
// O2  leave (release) -> raid (acquire): the raider sees the queue. The end of a raid (release) -> enter (acquire).
// O3  enter: store in_runtime_, load borrowed_; raid: store borrowed_, load in_runtime_. The barrier between the raider's two
//     is a membarrier, which puts one between the owner's two as well; without membarrier(2) the owner pays for a fence.
#pragma once

#include "runtime/base/annotate.hpp"
#include "runtime/base/inline.hpp"
#include "runtime/base/seam.hpp"
#include "runtime/base/thread_local.hpp"
#include "runtime/base/trace_ring.hpp"
#include "runtime/stack/context.hpp"
#include "runtime/stack/stack_cache.hpp"
#include "runtime/time/timer_wheel.hpp"
#include "scheduler/event_source.hpp"
#include "scheduler/run_queue.hpp"
#include "scheduler/steal_queue.hpp"

#include <cstdint>
#include <memory>
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
};

/// What becomes of the one that left, on the far side of the switch.
using departure = void (*)(scheduler& here, runnable& left) noexcept;

class scheduler : public machine {
 public:
  static constexpr std::int32_t usual_slice = 2000;  // reductions
  static constexpr std::uint32_t service_interval = 64;  // dispatches between looks at timers, injector, other schedulers
  static constexpr std::uint32_t balance_interval = 4 * service_interval;  // at least, between balancing passes

  scheduler(scheduler_group& group, unsigned index, std::unique_ptr<seam> order, stack_arena& stacks,
            void (*drop_timer)(timer&) noexcept);
  virtual ~scheduler();
  scheduler(const scheduler&) = delete;
  scheduler& operator=(const scheduler&) = delete;

  /// Before it runs: where it waits, and what comes in there. Otherwise nothing comes in but from other threads.
  void listen_to(std::unique_ptr<event_source> source) noexcept { source_ = std::move(source); }
  /// The thread's body: runs what is ready until the group stops.
  void run_thread();

  /// Instead of run_thread, for one without a thread of its own: as a guest of the calling scheduler, on the stack of whoever
  /// runs there, it runs one that is ready, until that leaves. The seam must order. False: nothing is ready.
  bool run_turn() noexcept;

  // ---- for process code entering and leaving the runtime (S2) ----
  void enter() noexcept {
    tsan_enter_scheduler();
    in_runtime_.store(1, relaxed);
    compiler_fence();
    if (borrowed_.load(acquire) != 0) [[unlikely]] wait_at_door();  // O2 O3
  }
  void leave() noexcept {
    in_runtime_.store(0, release);  // O2
    tsan_leave_scheduler();
  }

  /// Whether the owner is in the runtime. Owner.
  bool inside() const noexcept { return in_runtime_.load(relaxed) != 0; }

  // ---- for the owner, in the runtime ----
  /// Makes another one the running one, without a switch; returns the one before.
  runnable* act_as(runnable* other) noexcept {
    runnable* const before = running_;
    running_ = other;
    return before;
  }
  runnable* running() const noexcept { return running_; }
  unsigned index() const noexcept { return index_; }
  scheduler_group& group() const noexcept { return group_; }
  timer_wheel& timers() noexcept { return timers_; }
  seam& order() noexcept { return *order_; }
  trace_ring& trace() noexcept { return trace_; }
  std::uint64_t now_ns() noexcept { return order_->now_ns(); }
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
    const auto spent = static_cast<std::uint32_t>(charged_ - reductions_);
    charged_ = reductions_;
    return spent;
  }

  /// Makes one ready that is nobody else's: it runs soon, here unless pinned elsewhere.
  void make_ready(runnable& item) noexcept;
  /// As make_ready, behind all that is ready here already.
  void enqueue(runnable& item) noexcept;
  /// Makes one ready that has never run, made by the running one.
  void launch(runnable& newborn) noexcept;
  /// Leaves the running one for the next; `then` is called for it on the far side. Returns when somebody runs it again: on
  /// which scheduler, only current_scheduler() tells.
  void switch_away(departure then) noexcept;
  /// As switch_away with enqueue, but at once goes on if nothing else is ready.
  void yield() noexcept;
  /// As yield, to go on at another scheduler, since it works for somebody there. Stays if it is pinned, or no such one exists.
  void yield_to(unsigned there) noexcept;

  /// Leaves the running one, which has ended, for good, and gives up its stack with all that is on it.
  [[noreturn]] void retire(stack* ground) noexcept;

  // ---- for other threads ----
  /// Makes one ready here.
  MOTE_COLD void make_remote(runnable& item) noexcept;
  void wake() noexcept { source_->wake(); }
  std::uint64_t dispatches() const noexcept { return dispatches_.load(relaxed); }
  const scheduler_counts& counts() const noexcept { return counts_; }
  std::size_t timer_count() const noexcept { return timers_.size(); }
  std::uint32_t queued() const noexcept { return queue_.size() + ring_.size() + (slot_.load(relaxed) != nullptr); }

 protected:
  stack_cache stacks_;

 private:
  friend class scheduler_group;

  // dispatch.cpp
  runnable* pick() noexcept;
  MOTE_COLD runnable* pick_ordered() noexcept;
  runnable* take_queued() noexcept;
  MOTE_COLD bool take_back() noexcept;
  void fill_slice(std::int32_t slice = usual_slice) noexcept;
  bool prepare(runnable& next) noexcept;
  bool prepare_new(runnable& next) noexcept;
  MOTE_COLD void make_special_ready(runnable& item) noexcept;
  runnable* pick_prepared() noexcept;
  void settle(context from) noexcept;
  void go_to(runnable* next) noexcept;
  static void begin(arrival first) noexcept;
  void start_running(runnable& next) noexcept;
  [[noreturn]] void leave_for(runnable* next, stack* ground) noexcept;
  MOTE_COLD void service() noexcept;
  std::uint64_t look_at_clock() noexcept;
  void take_injected() noexcept;
  MOTE_COLD void wake_another() noexcept;
  MOTE_COLD void wait_at_door() noexcept;

  // balance.cpp
  struct request;
  void take_remote() noexcept;
  void answer() noexcept;
  void share() noexcept;
  std::uint32_t keep_pinned(runnable** items, std::uint32_t count) noexcept;
  void balance() noexcept;
  void migrate(const request& wanted) noexcept;

  // search.cpp
  runnable* search() noexcept;
  runnable* look_once(bool ask) noexcept;
  runnable* steal_from(scheduler& victim) noexcept;
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

  // The door: written by the owner at each runtime call.
  alignas(64) std::atomic<std::uint32_t> in_runtime_{1};
  static constexpr std::uint32_t raided = 1;
  static constexpr std::uint32_t fenced = 2;  // for good: the owner pays for the barrier (O3)
  std::atomic<std::uint32_t> borrowed_;
  const bool orders_;  // the seam decides who is next
  bool is_guest_ = false;  // runs a turn at a time
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
  timer_wheel timers_;
  trace_ring trace_;
  scheduler_counts counts_;
  std::unique_ptr<seam> order_;
  scheduler_group& group_;
  unsigned index_;
  bool searching_ = false;
  bool gave_away_ = false;  // its own work, because it is better done elsewhere: no reason to ask for some at once
  std::uint64_t balanced_ns_ = 0;  // when it last compared itself

  // Written by others.
  static constexpr std::uint32_t an_offer = 0xFFFF'FFFF;
  alignas(64) std::atomic<std::uint32_t> wanted_{0};  // nothing, an_offer, or a request (balance.cpp); a later one replaces it
  std::atomic<runnable*> remote_{nullptr};
  alignas(64) steal_queue<runnable> ring_;
  std::unique_ptr<event_source> source_;
  relaxed_cell<std::uint64_t> seen_dispatches_ = 0;  // of this one, by whoever watched last, at the last look
};

/// The scheduler whose thread this is, or nullptr in a plain thread. Read anew after anything that may switch.
MOTE_THREAD_POINTER(scheduler, current_scheduler)

}  // namespace mote::detail
