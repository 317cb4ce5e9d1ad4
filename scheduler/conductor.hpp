// Runs all schedulers of a group on one thread, for a deterministic run. Each has a lane: a stack of its own for what its thread
// would do. Which lane goes on, the seam says: at the door of each runtime call, at each look for work, and when one waits. So
// what happens is what threads could have done: steals, raids, wake-ups, and sends that meet.
//
// C1  One lane runs at a time, and another goes on at points only, where the system could as well have interrupted a thread. So
//     what is right on threads is right here.
// C2  No point lies where the runtime holds a mutex, nor in user's code that it runs itself (in_nobodys_name): a lane that
//     waited for such a mutex would stop the thread.
// C3  Time is the seam's. When no lane can go on it goes to the earliest deadline that one waits for. When there is none, the
//     run stands: the group is told, and makes somebody ready, or the run is given up, or somebody outside does something.
// C4  The end: the group stops, and each lane that is not inside a process comes to its end. One that is inside a process, which
//     did not end, stays where it is for good, with what that process stands on.
// O1  what has come, then wakes_ (release) -> the conductor's thread (acquire).
// O2  what a lane is woken for, then woken (release) -> who sees that it can go on, and the lane (acquire).
#pragma once

#include "runtime/base/seam.hpp"
#include "runtime/stack/context.hpp"
#include "runtime/stack/stack_cache.hpp"
#include "scheduler/event_source.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>

namespace mote::detail {

class scheduler;
class scheduler_group;

inline constexpr std::uint64_t forever = std::numeric_limits<std::uint64_t>::max();

class conductor {
 public:
  /// All outlive it.
  conductor(scheduler_group& group, seam& order, stack_arena& stacks);
  ~conductor();
  conductor(const conductor&) = delete;
  conductor& operator=(const conductor&) = delete;

  /// A lane for the group's next scheduler: where that waits. Before it runs.
  std::unique_ptr<event_source> add();
  /// The thread's body: runs all of them until the group stops, or the seam says that the run is over. Begins when somebody has
  /// been made ready: when a plain thread comes to that, no seed decides.
  void run() noexcept;
  /// Any thread: something has come from outside.
  void wake() noexcept;

  /// Another may go on here. In a lane.
  void point() noexcept;

  /// Plain thread: waits until the run has ended, or has been given up. True: ended.
  bool await_end();
  /// Any thread: whether it has come to its end.
  bool has_ended();
  /// Any thread: the run's thread does not come back. Whoever awaits the end waits no longer.
  void give_up();

 private:
  struct lane {
    explicit lane(conductor& by) noexcept : owner(by) {}
    conductor& owner;
    scheduler* whose = nullptr;
    stack* ground = nullptr;    // its own
    stack* standing = nullptr;  // where it was left
    context where = nullptr;
    std::uint64_t deadline_ns = 0;
    bool waits = false, over = false;
    bool came_back = false;  // its thread's loop has ended
    std::atomic<bool> woken{false};
  };
  class lane_source final : public event_source {
   public:
    explicit lane_source(lane& mine) noexcept : mine_(mine) {}
    void wait(std::uint64_t timeout_ns) noexcept override { mine_.owner.wait(mine_, timeout_ns); }
    void wake() noexcept override {
      mine_.woken.store(true, std::memory_order_release);  // O2
      mine_.owner.wake();
    }

   private:
    lane& mine_;
  };

  static void begin(arrival first) noexcept;
  void arrived(context from) noexcept;
  void wait(lane& mine, std::uint64_t timeout_ns) noexcept;
  bool can_go_on(const lane& one) const noexcept;
  lane* choose() noexcept;
  lane& next() noexcept;
  bool skip_time() noexcept;
  void stand() noexcept;
  void go_to(lane& to) noexcept;
  [[noreturn]] void leave() noexcept;
  [[noreturn]] void end_lane() noexcept;
  void say(bool ended);

  scheduler_group& group_;
  seam& order_;
  stack_cache stacks_;
  std::deque<lane> lanes_;
  lane* running_ = nullptr;
  lane* left_ = nullptr;  // nullptr: the thread's own context was left
  machine native_;
  context native_where_ = nullptr;
  std::atomic<std::uint32_t> wakes_{0};  // O1

  std::mutex lock_;
  std::condition_variable changed_;
  enum class outcome { running, ended, given_up } outcome_ = outcome::running;
};

}  // namespace mote::detail
