// What a scheduler does with nothing ready: search, sleep, watch. Labels: scheduler.hpp (S, O) and idle.hpp (W).
#include "runtime/os/membarrier.hpp"
#include "runtime/os/this_thread.hpp"
#include "scheduler/group.hpp"

#include <array>
#include <utility>

namespace mote::detail {

namespace {

constexpr unsigned search_rounds = 64;              // of looking at every other scheduler: some ten microseconds
constexpr unsigned conducted_rounds = 4;            // where a look costs others no time, but the run a step
constexpr unsigned pauses_a_round = 8;
constexpr std::uint64_t watch_ns = 500'000;         // how long work may be stuck before somebody looks

}  // namespace

void scheduler::run_thread() {
  static_cast<void>(name_this_thread("mote/" + std::to_string(index_)));
  thread_ = this_thread_number();
  bind();
  tsan_enter_scheduler();
  set_current_scheduler(this);
  run_until_stopped();
  set_current_scheduler(nullptr);
  tsan_leave_scheduler();
}

void scheduler::run_until_stopped() {
  while (!group_.stopping() && station_ != nullptr) {
    runnable* next = pick_prepared();
    if (next == nullptr) next = search();
    if (next == nullptr) continue;
    stop_idling();
    if (prepare(*next)) {
      go_to(next);
    } else {
      runnable_hooks::refuse(*this, *next);
    }
  }
}

// Goes to work; whoever relied on this one while it was idle is not let down.
void scheduler::stop_idling() noexcept {
  const bool searched = searching_;
  searching_ = false;
  group_.watch().stir();
  if (searched && !group_.idle().found_work()) return;
  const bool more = ready_here() != 0 || anything_offered();  // W2
  const bool unwatched = group_.idle().others_unwatched(static_cast<unsigned>(group_.size()));  // W5
  if (more || unwatched) group_.wake_one();
}

// Keeps what was stolen, runs its first.
runnable* scheduler::keep_first(runnable** items, std::uint32_t count) noexcept {
  for (std::uint32_t i = 1; i < count; ++i) queue_.push(*items[i]);
  fill_slice(orders_ ? order().slice(usual_slice) : usual_slice);
  return items[0];
}

runnable* scheduler::steal_from(station& victim) noexcept {
  constexpr std::uint32_t most = 64;
  std::array<runnable*, most> items;
  const std::uint32_t taken = victim.ring.steal(items.data(), most);
  if (taken == 0) return nullptr;
  MOTE_PROBE(steal, index_, victim.index, taken);
  trace_.record(event::steal, victim.index, taken);
  counts_.steals.add(1);
  if (!orders_) spoils_.begin(now_ns(), taken);
  return keep_first(items.data(), taken);
}

// S7. Once it has run out of work.
bool scheduler::wants_others_work() noexcept {
  if (!orders_) spoils_.end(now_ns());
  return !std::exchange(gave_away_, false) && spoils_.were_worth_it();
}

// One look at everything outside. ask: those who have work but offer none are asked to.
runnable* scheduler::look_once(bool ask) noexcept {
  if (orders_) group_.conducted()->point();
  service_inside();
  if (runnable* mine = pick()) return mine;
  const auto schedulers = static_cast<std::uint32_t>(group_.size());
  const std::uint32_t start = order().choose(schedulers);
  for (std::uint32_t i = 0; i < schedulers; ++i) {
    const std::uint32_t other = (start + i) % schedulers;
    if (other == index_) continue;
    if (runnable* stolen = steal_from(group_.place(other))) return stolen;
    scheduler& victim = group_[other];
    if (ask && victim.queue_.size() > 1) victim.wanted_.store(an_offer, relaxed);
  }
  return nullptr;
}

// With no others to look at: what has come in meanwhile is taken before it sleeps, not after so many turns of its own.
runnable* scheduler::look_here() noexcept {
  if (!orders_) {
    service_inside();
    if (runnable* mine = pick()) return mine;
  }
  return park();
}

runnable* scheduler::search() noexcept {
  if (group_.size() == 1) return look_here();
  const auto schedulers = static_cast<unsigned>(group_.size());
  const bool alone = group_.idle().parked() + 1 == schedulers;  // nobody else has work
  const bool ask = wants_others_work();                         // else the watch will, later
  if (!searching_ && !alone && ask) searching_ = group_.idle().begin_search(schedulers);
  const unsigned rounds = searching_ && ask ? (orders_ ? conducted_rounds : search_rounds) : 1;
  for (unsigned round = 0; round < rounds && !group_.stopping(); ++round) {
    if (round != 0) station_->source->poll();
    if (runnable* found = look_once(ask)) return found;
    for (unsigned i = 0; searching_ && i < pauses_a_round; ++i) spin_pause();
  }
  return park();
}

bool scheduler::anything_offered() noexcept {
  if (!group_.injected().looks_empty()) return true;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (!group_.place(i).ring.empty()) return true;
  }
  return false;
}

bool scheduler::anything_to_do() noexcept {
  return group_.stopping() || queued() != 0 || !station_->remote.looks_empty() || anything_offered();
}

// Nanoseconds until the next timer.
std::uint64_t scheduler::wait_limit() noexcept {
  const std::uint64_t next = timers().next_deadline();
  if (next == forever) return forever;
  const std::uint64_t now = now_ns();
  return next > now ? next - now : 0;
}

// Sleeps until there is something to do; nullptr: the caller looks for it.
runnable* scheduler::park() noexcept {
  runnable_hooks::service(*this);
  const std::uint64_t limit = wait_limit();
  if (limit == 0) {
    service();
    return nullptr;
  }
  group_.idle().park(index_, searching_);
  searching_ = false;
  if (orders_) group_.conducted()->point();
  if (anything_to_do()) return rise();  // W1
  if (!orders_ && limit == forever && stuck()) return rise();
  trace_.record(event::idle, index_, limit);
  const auto schedulers = static_cast<unsigned>(group_.size());
  if (group_.size() > 1 && group_.idle().become_watcher(index_, schedulers)) return watch();
  station_->source->wait(limit);
  counts_.woken.add(1);
  return rise();
}

// Awake again, with what has come in.
runnable* scheduler::rise() noexcept {
  look_at_clock();
  if (!group_.idle().unpark_self(index_)) searching_ = true;  // W3: an unpark on its way is for the next wait
  if (station_->source->has_news()) station_->source->poll();
  return nullptr;
}

// W5. Sleeps a little, again and again, and takes what is stuck behind a long-running process.
runnable* scheduler::watch() noexcept {
  for (;;) {
    station_->source->wait(std::min(wait_limit(), watch_ns));
    const bool mine = station_->source->has_news() || anything_to_do() || wait_limit() == 0;
    const bool awake = !group_.idle().all_parked(static_cast<unsigned>(group_.size()));
    if (mine || !awake) {
      group_.idle().stop_watching();
      if (!awake && !mine) break;
      return rise();
    }
    if (!group_.idle().is_parked(index_)) {  // somebody woke this one
      group_.idle().stop_watching();
      return rise();
    }
    for (std::size_t i = 0; i < group_.size(); ++i) {
      scheduler& victim = group_[i];
      station& place = group_.place(i);
      const std::uint64_t turn = victim.dispatches();
      const bool stands = place.seen_dispatches.exchange(turn, relaxed) == turn;
      const bool waits = victim.queued() != 0 || !place.remote.looks_empty();
      if (&victim == this || (!waits && place.ring.empty())) continue;
      if (!stands) {
        if (victim.queue_.size() > 1) victim.wanted_.store(an_offer, relaxed);
        continue;
      }
      if (!raid(victim)) continue;
      group_.idle().stop_watching();
      if (!group_.idle().unpark_self(index_)) searching_ = true;
      return orders_ ? pick_ordered() : take_queued();
    }
  }
  // All are parked: sleep without an end, unless somebody became busy meanwhile.
  if (group_.idle().become_watcher(index_, static_cast<unsigned>(group_.size()))) return watch();
  station_->source->wait(wait_limit());
  counts_.woken.add(1);
  return rise();
}

// Takes the slot and half of the queue of a scheduler whose process has not entered the runtime for long (S2).
bool scheduler::raid(scheduler& victim) noexcept {
  if (!victim.door_.borrow()) return false;
  std::uint32_t taken = 0;
  victim.take_remote();
  if (runnable* hot = victim.slot_.exchange(nullptr, relaxed)) victim.queue_.push(*hot);
  for (std::uint32_t left = (victim.queue_.size() + 1) / 2; left != 0; --left) {
    runnable* item = victim.queue_.pop();
    if (item->pinned == no_pin) {
      queue_.push(*item);
      ++taken;
    } else {
      victim.queue_.push(*item);
    }
  }
  victim.door_.give_back();
  if (taken == 0) return false;
  trace_.record(event::raid, victim.index_, taken);
  counts_.raids.add(1);
  return true;
}

// Nothing inside can ever run again: told to who set on_stuck, who may make somebody ready. By one scheduler at a time, the last
// to park at least: so it is told once, and by somebody whenever it is so.
bool scheduler::stuck() noexcept {
  if (group_.on_stuck == nullptr || !group_.all_parked()) return false;
  const std::lock_guard hold(group_.stuck_lock_);
  if (!group_.quiet()) return false;
  group_.on_stuck(group_.stuck_context);
  return ready_here() != 0 || timers().size() != 0;
}

}  // namespace mote::detail
