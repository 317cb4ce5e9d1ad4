// The hand-off: a scheduler changes its thread, from under a process that does not let go of it. Labels: scheduler.hpp.
//
// H1  All is done while the old scheduler is borrowed (door.hpp): its process is in its own code, and stays there, or waits at
//     the door. What it reaches without the door, the caches and the name of the running one, stays with the old scheduler.
// H2  The station's holder changes once the new scheduler has all there is. Who still holds the old one for it can only write a
//     hint, or fail to borrow it.
// H3  The process enters the runtime next on the old scheduler, which has no station: it leaves for the thread's own context,
//     which makes it ready like any that comes from outside, and goes back to the pool.
#include "runtime/os/signal_stack.hpp"
#include "runtime/os/this_thread.hpp"
#include "scheduler/group.hpp"

#include <limits>
#include <optional>

namespace mote::detail {

// It runs process code proper: not what the runtime calls in the midst of its own work, which goes on with this scheduler.
bool scheduler::may_lose_its_station(std::uint64_t dispatches) const noexcept {
  const runnable* const self = running_;
  return self != nullptr && dispatches_.load(relaxed) == dispatches && self->doing.load(relaxed) == activity::running;
}

std::optional<std::uint64_t> scheduler::take_over(scheduler& victim, std::uint64_t dispatches) noexcept {
  const tsan_in_scheduler quiet;
  if (!victim.door_.borrow()) return std::nullopt;  // H1
  if (!victim.may_lose_its_station(dispatches)) {
    victim.door_.give_back();
    return std::nullopt;
  }
  runnable& left = *victim.running_;
  station_ = victim.station_;
  index_ = victim.index_;
  victim.station_ = nullptr;
  queue_.take_all(victim.queue_);
  slot_.store(victim.slot_.exchange(nullptr, relaxed), relaxed);
  counts_ = std::exchange(victim.counts_, {});
  counts_.handoffs.add(1);
  dispatches_.store(victim.dispatches(), relaxed);
  coarse_time_ = victim.coarse_time_;
  balanced_ns_ = victim.balanced_ns_;
  wanted_.store(a_look, relaxed);  // first of all at what was due meanwhile, which then runs before what waits here
  fill_slice();
  if (left.handoffs != std::numeric_limits<std::uint8_t>::max()) left.handoffs.add(1);
  const std::uint64_t name = runnable_hooks::hand_over(victim, *this, left);
  MOTE_PROBE(handoff, &left, index_);
  trace_.record(event::handoff, trace_number(&left), static_cast<std::uint64_t>(victim.thread_));
  door_.own();
  station_->holder.store(this, release);  // H2
  victim.door_.take();
  return name;
}

// H3
scheduler& scheduler::rejoin() noexcept {
  left_ = running_;
  then_ = [](scheduler& here, runnable& left) noexcept { here.group_.submit(left); };
  go_to(nullptr);
  return *current_scheduler();
}

bool scheduler::become_spare() noexcept {
  const tsan_in_scheduler quiet;
  if (station_ != nullptr) return false;
  stacks_.give_all();
  return true;
}

// ---- the group's part ----

void scheduler_group::hand_off(std::size_t index, std::uint64_t dispatches, std::uint64_t held_ns) noexcept {
  try {
    const std::error_code refused = pool_.try_run([=, this] { take_station(index, dispatches, held_ns); });
    if (refused) lack_thread(refused);
  } catch (const std::bad_alloc&) {  // at the next look, perhaps
  }
}

// A thread of the pool: takes the station, and runs what is there.
void scheduler_group::take_station(std::size_t index, std::uint64_t dispatches, std::uint64_t held_ns) try {
  const signal_stack handlers_run_here;
  scheduler& to = take_spare();
  scheduler& from = (*this)[index];
  if (const std::optional<std::uint64_t> left = to.take_over(from, dispatches)) {
    bind_anew(from, index);
    report(from, *left, held_ns);
    to.run_thread();
  }
  give_spare(to);
} catch (const std::system_error& refused) {
  lack_thread(refused.code());
} catch (const std::bad_alloc&) {  // the watch asks again
}

// The process may go on anywhere, its scheduler stays where it was.
void scheduler_group::bind_anew(const scheduler& from, std::size_t index) noexcept try {
  if (cpus_.empty()) return;
  static_cast<void>(bind_thread(from.thread(), cpus_));
  static_cast<void>(bind_to_cpu(cpus_[index % cpus_.size()]));
} catch (const std::bad_alloc&) {  // then it runs anywhere
}

// Beside what the station has to do, if there is a thread more.
void scheduler_group::report(scheduler& from, std::uint64_t left, std::uint64_t held_ns) noexcept {
  const auto tell = [&from, left, held_ns] { runnable_hooks::report_handoff(from, left, held_ns); };
  try {
    if (!pool_.try_run(tell)) return;
  } catch (const std::bad_alloc&) {
  }
  tell();
}

void scheduler_group::lack_thread(std::error_code why) noexcept {
  if (lacked_.fetch_add(1, relaxed) == 0) runnable_hooks::report_no_thread((*this)[0], why);
}

scheduler& scheduler_group::take_spare() {
  const tsan_in_scheduler quiet;
  const std::lock_guard hold(spares_lock_);
  if (spares_.empty()) {
    spares_.reserve(schedulers_.size() + 1);
    schedulers_.push_back(make_spare(spare_context));
    return *schedulers_.back();
  }
  scheduler& one = *spares_.back();
  spares_.pop_back();
  return one;
}

// One that the group's end has stopped keeps its station.
void scheduler_group::give_spare(scheduler& one) noexcept {
  if (!one.become_spare()) return;
  const std::lock_guard hold(spares_lock_);
  spares_.push_back(&one);
}

}  // namespace mote::detail
