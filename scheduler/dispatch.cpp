// Who runs next, and how the thread gets there. Labels: scheduler.hpp.
#include "runtime/base/check.hpp"
#include "runtime/os/blocked_signals.hpp"
#include "runtime/os/held_mutexes.hpp"
#include "runtime/os/membarrier.hpp"
#include "scheduler/group.hpp"

#include <array>
#include <thread>
#include <utility>

namespace mote::detail {

scheduler::scheduler(scheduler_group& group, station* place, stack_arena& stacks)
    : stacks_(stacks),
      door_(!membarrier_available()),
      orders_(place != nullptr && place->order->orders()),
      coarse_time_(place != nullptr ? static_cast<std::uint32_t>(place->order->now_ns() >> coarse_shift) : 0),
      station_(place),
      group_(group),
      index_(place != nullptr ? place->index : 0) {
  if (place != nullptr) place->holder.store(this, release);  // handoff.cpp, H2
}

scheduler::~scheduler() = default;

void scheduler::make_ready(runnable& item) noexcept {
  if (!belongs_in_slot(item)) [[unlikely]] return make_special_ready(item);
  put_in_slot(item);
  if (wants_watcher()) [[unlikely]] wake_another();
}

void scheduler::put_in_slot(runnable& item) noexcept {
  item.doing.store(activity::ready, relaxed);
  trace_.record(event::ready, trace_number(&item), 0);
  runnable* const before = slot_.load(relaxed);
  slot_.store(&item, relaxed);
  if (before != nullptr) queue_.push(*before);
}

bool scheduler::wants_watcher() const noexcept { return group_.idle().needs_watcher(); }

void scheduler::make_special_ready(runnable& item) noexcept {
  trace_.record(event::ready, trace_number(&item), 0);
  enqueue(item);
}

void scheduler::enqueue(runnable& item) noexcept {
  item.doing.store(activity::ready, relaxed);
  if (item.pinned != no_pin && item.pinned != index_) return group_.make_remote(item.pinned, item);
  queue_.push(item);
  if (wants_watcher()) [[unlikely]] wake_another();
}

void scheduler::take_injected() noexcept {
  if (group_.injected().looks_empty()) return;
  std::array<runnable*, 32> items;
  const std::size_t taken = group_.injected().take(items.data(), items.size());
  for (std::size_t i = 0; i < taken; ++i) enqueue(*items[i]);
}

void scheduler::launch(runnable& newborn) noexcept {
  newborn.doing.store(activity::ready, relaxed);
  if (newborn.pinned != no_pin && newborn.pinned != index_) return group_.make_remote(newborn.pinned, newborn);
  queue_.push_newborn(newborn);
  if (wants_watcher()) [[unlikely]] wake_another();
}

// Between two processes, now and then, and when asked: what the world outside this scheduler wants.
void scheduler::service() noexcept {
  station_->source->poll();
  service_inside();
}

// The same without a system call: for one that is about to wait, and hears then of what happens outside.
void scheduler::service_inside() noexcept {
  runnable_hooks::service(*this);
  if (timers().size() != 0) {
    timers().advance(look_at_clock(), 256);
  } else if (orders_ || dispatches_.load(relaxed) % balance_interval == 0) {
    look_at_clock();
  }
  take_injected();
  if (!station_->remote.looks_empty()) take_remote();
  if (wanted_.load(relaxed) != 0) answer();
  if (group_.size() == 1) return;
  // What nobody stole comes back a little at a time, so that it waits no longer than what is queued here.
  std::array<runnable*, 8> items;
  const std::uint32_t taken = station_->ring.pop(items.data(), queue_.empty() ? std::uint32_t{8} : 2);
  for (std::uint32_t i = 0; i < taken; ++i) queue_.push(*items[i]);
  if (dispatches_.load(relaxed) % balance_interval == 0) balance();
}

std::uint64_t scheduler::look_at_clock() noexcept {
  const std::uint64_t now = now_ns();
  coarse_time_ = static_cast<std::uint32_t>(now >> coarse_shift);
  return now;
}

// Not before there is something to be stuck behind: who goes to work from idleness sees to the rest (stop_idling).
void scheduler::wake_another() noexcept {
  if (running_ != nullptr) group_.wake_one();
}

void scheduler::fill_slice(std::int32_t slice) noexcept {
  reductions_ = slice;
  charged_ = slice;
}

// What nobody stole.
bool scheduler::take_back() noexcept {
  constexpr std::uint32_t most = 32;
  std::array<runnable*, most> items;
  const std::uint32_t taken = station_->ring.pop(items.data(), most);
  for (std::uint32_t i = 0; i < taken; ++i) queue_.push(*items[i]);
  return taken != 0;
}

runnable* scheduler::take_queued() noexcept {
  if (queue_.empty() && (station_->ring.empty() || !take_back())) return nullptr;
  fill_slice();
  return queue_.pop();
}

// Deterministic mode: the slot is no better than the queue, and the seam picks among those of the best priority.
runnable* scheduler::pick_ordered() noexcept {
  if (is_guest_ && !std::exchange(may_pick_, false)) return nullptr;
  if (runnable* hot = slot_.exchange(nullptr, relaxed)) queue_.push(*hot);
  order().look(index_, trace_);
  service();
  if (queue_.empty()) return nullptr;
  fill_slice(order().slice(usual_slice));
  return queue_.pop(order());
}

runnable* scheduler::pick() noexcept {
  const std::uint64_t turn = dispatches_.load(relaxed) + 1;
  dispatches_.store(turn, relaxed);
  if (orders_) [[unlikely]] return pick_ordered();
  if (turn % service_interval == 0 || wanted_.load(relaxed) != 0) [[unlikely]] service();
  if (runnable* hot = slot_.load(relaxed)) {
    slot_.store(nullptr, relaxed);
    if (!slice_used_up() && !queue_.has_high()) return hot;
    if (queue_.empty()) {
      fill_slice();
      return hot;
    }
    queue_.push(*hot);  // S3
  }
  return take_queued();
}

// What pick gives, when there is nothing to look at first and it has run before; else nullptr, and nothing is changed.
runnable* scheduler::pick_easily() noexcept {
  const std::uint64_t turn = dispatches_.load(relaxed) + 1;
  if (orders_ || turn % service_interval == 0 || wanted_.load(relaxed) != 0) [[unlikely]] return nullptr;
  runnable* next = slot_.load(relaxed);
  if (next != nullptr) {
    if (slice_used_up() || queue_.has_high() || next->where == nullptr) [[unlikely]] return nullptr;
    slot_.store(nullptr, relaxed);
  } else {
    next = queue_.usual_front();
    if (next == nullptr || next->where == nullptr) [[unlikely]] return nullptr;
    queue_.pop_usual();
    fill_slice();
  }
  dispatches_.store(turn, relaxed);
  return next;
}

// A new one needs a stack; false: there is none to be had.
bool scheduler::prepare(runnable& next) noexcept {
  return next.where != nullptr || prepare_new(next);
}

bool scheduler::prepare_new(runnable& next) noexcept {
  next.ground = stacks_.take(next.size_class);
  if (next.ground == nullptr) return false;
  next.where = make_context(*next.ground, &scheduler::begin, this);
  return true;
}

bool scheduler::prepare_or_refuse(runnable& next) noexcept {
  if (prepare(next)) return true;
  runnable_hooks::refuse(*this, next);
  return false;
}

runnable* scheduler::pick_prepared() noexcept {
  runnable* next = pick();
  while (next != nullptr && !prepare_or_refuse(*next)) next = pick();
  return next;
}

// S1
void scheduler::settle(context from) noexcept {
  if (left_ == nullptr) [[unlikely]] return settle_nobody(from);
  runnable& gone = *left_;
  left_ = nullptr;
  gone.where = from;
  then_(*this, gone);
}

// What left was a stack whose process has ended, or the thread's own context.
void scheduler::settle_nobody(context from) noexcept {
  if (spent_ground_ != nullptr) {
    stacks_.give(spent_ground_);
    spent_ground_ = nullptr;
  } else {
    native_where_ = from;
  }
}

scheduler& scheduler::go_to(runnable* next) noexcept {
  const held_over_switch held;
  if (held.count() != 0 && left_ != nullptr) runnable_hooks::holds_mutexes(*this, *left_, held.count());
  if (next != nullptr) {
    start_running(*next);
  } else {
    running_ = nullptr;
  }
  if (is_conducted_) tsan_release(group_.conducted());
  const arrival back = next != nullptr ? switch_context(next->where, next->ground, *this)
                                       : switch_context(native_where_, nullptr, *this);
  auto& here = static_cast<scheduler&>(*back.on);
  here.settle(back.from);
  return here;
}

scheduler& scheduler::leave_to(runnable* next, departure then) noexcept {
  left_ = running_;
  then_ = then;
  return go_to(next);
}

scheduler& scheduler::switch_away(departure then) noexcept {
  runnable* const next = pick_easily();
  if (next == nullptr) [[unlikely]] return switch_to_any(then);
  return leave_to(next, then);
}

MOTE_FLATTEN scheduler& scheduler::switch_to_any(departure then) noexcept { return leave_to(pick_prepared(), then); }

void scheduler::to_the_end(scheduler& here, runnable& left) noexcept { here.enqueue(left); }

scheduler& scheduler::yield() noexcept {
  runnable* const next = pick_easily();
  if (next == nullptr) [[unlikely]] return yield_to_any();
  return leave_to(next, to_the_end);
}

MOTE_FLATTEN scheduler& scheduler::yield_to_any() noexcept {
  runnable* next = pick_prepared();
  if (next != nullptr || is_guest_) return leave_to(next, to_the_end);
  fill_slice(orders_ ? order().slice(usual_slice) : usual_slice);
  return *this;
}

bool scheduler::run_turn() noexcept {
  scheduler& host = *current_scheduler();
  borrow(host);
  is_guest_ = true;
  may_pick_ = true;
  set_current_scheduler(this);
  runnable* const next = pick_prepared();
  if (next != nullptr) go_to(next);
  set_current_scheduler(&host);
  return next != nullptr || ready_here() != 0;
}

void scheduler::start_running(runnable& next) noexcept {
  running_ = &next;
  next.doing.store(activity::running, relaxed);
  trace_.record(event::run, trace_number(&next), trace_number(left_));
}

// The bottom of every stack: runs one after another as long as the next is new and fits on this stack, without a switch.
void scheduler::begin(arrival first) noexcept {
  tsan_enter_scheduler();
  auto* here = &static_cast<scheduler&>(*first.on);
  here->settle(first.from);
  stack* const ground = here->running()->ground;
  for (;;) {
    set_mutexes_held(0);
    runnable_hooks::run(*here->running());
    here = current_scheduler();
    runnable* next = here->pick();
    const bool fits = renewable && next != nullptr && next->where == nullptr && next->size_class == ground->renews;
    if (!fits) here->leave_for(next, ground);
    renew_context(*here);
    next->ground = ground;
    here->start_running(*next);
  }
}

void scheduler::retire(stack* ground) noexcept { leave_for(pick(), ground); }

void scheduler::leave_for(runnable* next, stack* ground) noexcept {
  while (next != nullptr && !prepare(*next)) {
    runnable_hooks::refuse(*this, *next);
    next = pick();
  }
  spent_ground_ = ground;
  running_ = nullptr;
  if (next != nullptr) start_running(*next);
  const context to = next != nullptr ? next->where : native_where_;
  stack* const to_stack = next != nullptr ? next->ground : nullptr;
  if (is_conducted_) tsan_release(group_.conducted());
  tsan_leave_scheduler();
  leave_context(to, to_stack, *this);
}

scheduler& scheduler::yield_ordered() noexcept {
  if (is_guest_) return yield();
  if (runnable* hot = slot_.exchange(nullptr, relaxed)) queue_.push(*hot);
  order().look(index_, trace_);
  service();
  runnable* next = running_;
  do {
    fill_slice(order().slice(usual_slice));
    if (queue_.empty()) return *this;
    next = queue_.pop(order(), running_);
    if (next == running_) return *this;
  } while (!prepare_or_refuse(*next));
  return leave_to(next, to_the_end);
}

void scheduler::orphan() noexcept {
  running_ = nullptr;
  orphaned_ = true;
  is_conducted_ = false;
  door_.lose();
  restore_signals(group_.signals_before());
}

// A conducted run. The process waits at the open door, as one that the system has interrupted there.
void scheduler::stop_at_door(const runtime_call& what) noexcept {
  const std::uint64_t who = running_ != nullptr ? runnable_hooks::name(*running_) : 0;
  if (who == 0) return;  // conductor.hpp, C2
  order().look(index_, trace_);
  if (what.name != nullptr) order().called(index_, who, what);
  door_.leave();
  group_.conducted()->point();
  static_cast<void>(door_.enter());
}

scheduler& scheduler::wait_at_door(runtime_call what) noexcept {
  if (is_conducted_) {
    stop_at_door(what);
    return *this;
  }
  if (door_.wait()) return *this;
  if (orphaned_) {
    check_failed(__FILE__, __LINE__, "the child of a fork made inside a process came back into the runtime, which has no other "
                                     "thread there: after such a fork only exec or _exit may follow");
  }
  return rejoin();
}

void machine_fences::heavy() noexcept {
  if (membarrier_available()) membarrier_all();
  fence(seq_cst);  // door.hpp, O3
}

void machine_fences::pause(int looks) noexcept {
  if (looks < 100) {
    spin_pause();
  } else {
    std::this_thread::yield();
  }
}

}  // namespace mote::detail
