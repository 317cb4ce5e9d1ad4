// Waiting: the only way a process leaves its scheduler other than by yielding or ending.
//
// P1  A process is published as asleep by whoever arrives after it, never by itself (scheduler.hpp, S1); when mail has come
//     meanwhile it is not published but queued again.
// P2  A lax limit (a call's, of seconds) costs no look at the clock and no timer as long as the answer comes soon: who waits
//     only leaves its name with its scheduler, which arms the timer at its next service, if that one still sleeps. It borrows
//     the sleeper for that (inbox I2): it alone touches wait_timer then, and mail that comes meanwhile makes its try_sleep
//     fail, whereupon it makes the process ready itself. wait_timer is {nullptr, limit} until armed. A name that is left
//     from an earlier wait, or an earlier process, arms a later wait's timer a little sooner, or finds no limit to arm.
#include "runtime/process/core.hpp"

#include <mote/receive.hpp>

#include <limits>

namespace mote::detail {

namespace {

constexpr std::uint64_t dying_wait_ns = 2'000'000;       // how long a killed process may still wait while it unwinds

// Of a stack that was much deeper when its process last left, or of any, when there are alarms.
MOTE_COLD void look_closer(core& here, process& left, std::int64_t used) noexcept {
  if (left.stack_used > used + core::usual_beyond) trim(*left.ground, static_cast<std::byte*>(left.where));
  look_at_stack(here, left, static_cast<std::size_t>(used));
}

// What is done for every process that leaves its scheduler, on the far side. A stack that was much deeper when its process
// last left gives its pages back.
void note_departure(scheduler& here, process& left) noexcept {
  auto* const at = static_cast<std::byte*>(left.where);
  const std::int64_t used = left.ground->top() - at;
  auto& now = static_cast<core&>(here);
  if (left.stack_used > used + now.look_beyond_bytes) [[unlikely]] look_closer(now, left, used);
  left.stack_used = static_cast<std::uint32_t>(used);
  left.parked_at = here.coarse_time();
}

MOTE_FLATTEN void publish(scheduler& here, runnable& left) noexcept {  // P1
  auto& self = static_cast<process&>(left);
  MOTE_PROBE(park, &self, self.index);
  note_departure(here, self);
  const bool deaf = self.has(process_flags::waits_mask);
  self.doing.store(activity::waiting, relaxed);
  if (!self.mail.try_sleep(deaf)) here.enqueue(self);
}

// P2: not before, for the service on the way here would have found it awake.
void publish_unarmed(scheduler& here, runnable& left) noexcept {
  unarmed_waits& waits = static_cast<core&>(here).unarmed;
  waits.who[waits.count] = static_cast<process*>(&left);
  waits.count.add(1);
  publish(here, left);
}

// A receive's or sleep's time is up: a wake-up is all that is needed, the process looks at the clock itself.
void time_is_up(timer& due) noexcept {
  auto& here = *current_core();
  auto& self = *static_cast<process*>(due.subject);
  if (self.generation.load(acquire) != due.detail) return;  // table.hpp, T1
  here.trace().record(event::fire, trace_number(&self), 0);
  if (self.mail.nudge() == pushed::woke_linked) here.make_ready(self);
}

constexpr std::uint64_t calls = inbox_flags::urgent | inbox_flags::nudged;

// Whoever is parked at its own mailbox gets in first (bounds.hpp, B2).
MOTE_COLD bool bounded_has_news(process& self, wait_reason why) noexcept {
  const bool aside = attend(*current_core(), self);
  return why != wait_reason::message ? (self.mail.high() & calls) != 0 : aside || self.mail.has_mail();
}

inline __attribute__((always_inline)) bool has_news(process& self, wait_reason why) noexcept {
  if (self.handed != nullptr) return true;
  const std::uint64_t high = self.mail.high();
  if ((why != wait_reason::message ? high & (calls | inbox_flags::bounded) : high) == 0) return false;
  return (high & inbox_flags::bounded) == 0 || bounded_has_news(self, why);
}

// A process that is killed and unwinds may wait a little for what its destructors want, not for ever.
std::uint64_t bounded(core& here, const process& self, std::uint64_t deadline_ns) {
  if (!self.has(process_flags::killed)) return deadline_ns;
  return std::min(deadline_ns, here.now_ns() + dying_wait_ns);
}

// Away, until somebody makes the process ready again.
void sleep_once(core& here, process& self, wait_reason why, departure then = &publish) {
  tsan_release(&self);  // whoever finds that all wait
  self.reductions.add(here.take_spent());  // before the next one's slice begins
  if (why == wait_reason::message) {
    here.switch_away(then);
  } else {
    self.set(static_cast<std::uint32_t>(why) << process_flags::waits_shift);
    here.switch_away(then);
    self.clear(process_flags::waits_mask);
  }
}

void sleep_until_then(core& here, process& self, std::uint64_t deadline_ns, wait_reason why) {
  self.wait_timer = here.timers().arm(deadline_ns, &time_is_up, &self, self.generation.load(relaxed), nullptr);
  sleep_once(here, self, why);
  timer_wheel::cancel(self.wait_timer, &current_core()->timers());
  self.wait_timer = {};
}

// Sleeps once. False, and no sleep: the time is up; one that was killed and has had the time it gets is abandoned then.
bool sleep_with_limit(process& self, std::uint64_t deadline_ns, std::uint64_t wanted_ns, wait_reason why) {
  if (deadline_ns == 0 || current_core()->now_ns() >= deadline_ns) {
    if (deadline_ns != wanted_ns) abandon(*current_core(), self);
    return false;
  }
  sleep_until_then(*current_core(), self, deadline_ns, why);
  return true;
}

std::uint64_t deadline_from_now(core& here, std::chrono::nanoseconds delay) noexcept {
  return delay.count() <= 0 ? 0 : moment_after(here.now_ns(), delay);
}

bool arm(core& here, process& waiting) noexcept {
  timer_id& limit = waiting.wait_timer;
  if (limit.node != nullptr || limit.generation == 0) return true;
  const std::uint64_t deadline_ns = deadline_from_now(here, std::chrono::nanoseconds(limit.generation));
  try {
    limit = here.timers().arm(deadline_ns, &time_is_up, &waiting, waiting.generation.load(relaxed), nullptr);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// Arms the timer of one that sleeps with a lax limit, as its owner for a moment (P2). False: there is no memory for it.
bool arm_limit(core& here, process& waiting) noexcept {
  bool deaf = false;
  if (!waiting.mail.borrow(deaf)) return true;
  const bool armed = arm(here, waiting);
  if (!waiting.mail.try_sleep(deaf)) here.make_ready(waiting);
  return armed;
}

// Throws std::bad_alloc when there was no memory for the timers of many.
void make_room(core& here) {
  if (here.unarmed.count < unarmed_waits::most) [[likely]] return;
  runnable_hooks::service(here);
  if (here.unarmed.count == unarmed_waits::most) throw std::bad_alloc();
}

// With a time limit, or in a process that has been killed.
__attribute__((noinline)) bool wait_with_limit(process& self, std::uint64_t wanted_ns, wait_reason why) {
  const std::uint64_t deadline_ns = bounded(*current_core(), self, wanted_ns);
  while (!has_news(self, why)) {
    if (!sleep_with_limit(self, deadline_ns, wanted_ns, why)) return false;
  }
  return true;
}

}  // namespace

void refuse_to_wait(const process& self, const char* call) {
  if (!has_ended(self)) return;
  throw usage_error(std::string(call) + ": waits for what can never come: it was called by a destructor or a hook in the name "
                                        "of a process that has ended");
}

bool is_called(const process& self) noexcept {
  return self.handed != nullptr || (self.mail.high() & calls) != 0 || self.has(process_flags::doomed);
}

void heed_signals(core& here, process& self) {
  if (self.handed != nullptr || (self.mail.high() & calls) != 0) [[unlikely]] sort_mail(here, self);
  end_if_doomed(here, self);
}

namespace {

/// The process counts as one that something outside may wake.
class outside_wait {
 public:
  explicit outside_wait(runtime& home) noexcept : home_(home) { home_.outside_waits.fetch_add(1, relaxed); }
  outside_wait(const outside_wait&) = delete;
  outside_wait& operator=(const outside_wait&) = delete;
  ~outside_wait() { home_.outside_waits.fetch_sub(1, release); }  // deadlock.cpp, O1

 private:
  runtime& home_;
};

}  // namespace

bool wait_for_wake(process& self, std::uint64_t deadline_ns, wait_reason why) {
  if (has_ended(self)) [[unlikely]] refuse_to_wait(self, "mote: a wait for the outside");
  if (has_news(self, why)) return true;
  if (deadline_ns == no_deadline && !self.has(process_flags::killed)) {
    const outside_wait counted(current_core()->home);
    sleep_once(*current_core(), self, why);
    return true;
  }
  return sleep_with_limit(self, bounded(*current_core(), self, deadline_ns), deadline_ns, why);
}

void wait_out(process& self, const std::atomic<bool>& done) noexcept {
  while (!done.load(acquire)) {  // blocking.cpp, O1
    core& here = *current_core();
    if (!has_news(self, wait_reason::work)) {
      const outside_wait counted(here.home);
      sleep_once(here, self, wait_reason::work);
    } else if (!sort_if_possible(here, self)) {
      here.yield();
    }
  }
}

bool wait_for_news(process& self, std::uint64_t deadline_ns, wait_reason why) {
  if (deadline_ns != no_deadline || self.has(process_flags::killed)) return wait_with_limit(self, deadline_ns, why);
  while (!has_news(self, why)) sleep_once(*current_core(), self, why);
  return true;
}

namespace {

// False, and no sleep: the lax limit's time is up.
inline __attribute__((always_inline)) bool sleep_with_lax_limit(process& self, wait_reason why) {
  const timer_id& mine = self.wait_timer;
  if (mine.node != nullptr && !timer_wheel::deadline_of(mine)) return false;
  if (mine.node == nullptr) make_room(*current_core());
  sleep_once(*current_core(), self, why, mine.node == nullptr ? &publish_unarmed : &publish);
  return true;
}

}  // namespace

bool lax_limit::wait(wait_reason why) const {
  process& self = self_;
  if (self.has(process_flags::killed)) return wait_for_news(self, deadline_from_now(*current_core(), limit_), why);
  while (!has_news(self, why)) {
    if (!sleep_with_lax_limit(self, why)) return false;
  }
  return true;
}

bool wait_for_room(process& self, const lax_limit* limit) {
  if (has_news(self, wait_reason::room)) return true;
  if (limit != nullptr) return sleep_with_lax_limit(self, wait_reason::room);
  sleep_once(*current_core(), self, wait_reason::room);
  return true;
}

std::uint64_t runnable_hooks::name(const runnable& which) noexcept {
  const auto& self = static_cast<const process&>(which);
  return self.generation.load(relaxed) == 0 ? 0 : self.key();
}

// P2
void runnable_hooks::service(scheduler& where) noexcept {
  auto& here = static_cast<core&>(where);
  std::uint32_t left = 0;
  for (std::uint32_t i = 0; i < here.unarmed.count; ++i) {
    if (!arm_limit(here, *here.unarmed.who[i])) here.unarmed.who[left++] = here.unarmed.who[i];
  }
  here.unarmed.count = left;
}

std::uint64_t deadline_after(std::chrono::nanoseconds delay, const char* call) {
  if (delay.count() <= 0) return 0;
  const entry door(call);
  return deadline_from_now(door.here(), delay);
}

std::uint64_t mailbox_scan::deadline_after(std::chrono::nanoseconds delay) {
  return detail::deadline_after(delay, "mote::receive");
}

namespace {

MOTE_COLD pending_list* begin_slowly(process& self) {
  const entry door("mote::receive");
  yield_if_used_up(door.here());
  heed_signals(door.here(), self);
  return &self.pending;
}

}  // namespace

// Almost always there is nothing to do but to charge the caller; the door is left closed then.
pending_list* mailbox_scan::begin() {
  core* const here = current_core();
  process* const caller = here != nullptr ? here->current() : nullptr;
  if (caller == nullptr) [[unlikely]] not_in_a_process("mote::receive");
  process& self = *caller;
  const bool called = (self.mail.high() & calls) != 0 || self.has(process_flags::doomed);
  if (!here->spend(cost::call) || called) [[unlikely]] return begin_slowly(self);
  return &self.pending;
}

namespace {

MOTE_COLD void take_unusual(core& here, process& self, bool wants_more) {
  end_if_doomed(here, self);
  if (wants_more && self.has(process_flags::sheds)) take_from_shelf(here, self);
}

// Woken for nothing that it wants. One that has ended is always awake.
MOTE_COLD bool may_wait_on(const process& self, std::uint64_t deadline_ns) {
  if (deadline_ns == no_deadline) refuse_to_wait(self, "mote::receive");
  return !has_ended(self);
}

// Waits until *link, the end of what has been looked at, leads to more.
MOTE_FLATTEN bool wait_for_more(const entry& door, envelope* const* link, std::uint64_t deadline_ns) {
  process& self = *door.entered().current();
  do {
    if (!wait_for_news(self, deadline_ns, wait_reason::message)) return false;
    core& here = door.here();
    sort_mail(here, self);
    if (self.has(process_flags::doomed | process_flags::sheds)) [[unlikely]] take_unusual(here, self, *link == nullptr);
  } while (*link == nullptr && may_wait_on(self, deadline_ns));
  return *link != nullptr;
}

__attribute__((noinline)) bool enter_and_wait_for_more(envelope* const* link, std::uint64_t deadline_ns) {
  return wait_for_more(entry("mote::receive"), link, deadline_ns);
}

__attribute__((noinline)) bool wait_for_more_and_leave(core& here, envelope* const* link) {
  return wait_for_more(entry(here), link, no_deadline);
}

}  // namespace

// The usual way sleeps once, until a message is handed over. It has no call in it but the switch's, and each other way is one at
// its end (as in deliver).
MOTE_FLATTEN bool mailbox_scan::more(std::uint64_t deadline_ns) {
  core* const here = deadline_ns == no_deadline ? enter_freely("mote::receive") : nullptr;
  if (here == nullptr) [[unlikely]] return enter_and_wait_for_more(link_, deadline_ns);
  process& caller = *here->current();
  const bool waits = caller.handed == nullptr && caller.mail.high() == 0 && !caller.has(process_flags::killed);
  if (!waits) return wait_for_more_and_leave(*here, link_);
  tsan_release(&caller);  // whoever finds that all wait
  caller.reductions.add(here->take_spent());
  auto& now = static_cast<core&>(here->switch_away(&publish));
  process& self = *now.current();
  if (self.mail.high() != 0 || !keep_handed(self)) [[unlikely]] return wait_for_more_and_leave(now, link_);
  now.leave();
  return true;
}

}  // namespace mote::detail

namespace mote {

using namespace detail;

namespace {

void book_yield(core& here, process& self) noexcept { self.reductions.add(here.take_spent() + 1); }

__attribute__((noinline)) void enter_and_yield() {
  const entry door("mote::yield");
  process& self = *door.entered().current();
  book_yield(door.entered(), self);
  if (!has_ended(self)) [[likely]] door.entered().yield();
  heed_signals(door.here(), self);
}

MOTE_COLD void heed_and_leave(core& here) {
  const entry door(here);
  heed_signals(here, *here.current());
}

}  // namespace

// As deliver, without a call but the switch's.
MOTE_FLATTEN void yield() {
  core* const here = enter_freely("mote::yield");
  if (here == nullptr) [[unlikely]] return enter_and_yield();
  book_yield(*here, *here->current());
  if (has_ended(*here->current())) [[unlikely]] return heed_and_leave(*here);
  auto& now = static_cast<core&>(here->yield());
  if (is_called(*now.current())) [[unlikely]] return heed_and_leave(now);
  now.leave();
}

void checkpoint() {
  const entry door("mote::checkpoint");
  process& self = door.self();
  door.here().spend(cost::call);
  yield_if_used_up(door.here());
  heed_signals(door.here(), self);
}

namespace {

void sleep_to(const entry& door, std::uint64_t deadline_ns) {
  process& self = door.self();
  do {
    heed_signals(door.here(), self);
  } while (!has_ended(self) && wait_for_news(self, deadline_ns, wait_reason::time));
}

}  // namespace

void sleep_for(std::chrono::nanoseconds duration) {
  if (duration.count() <= 0) return yield();
  const std::uint64_t deadline_ns = deadline_after(duration, "mote::sleep_for");
  const entry door("mote::sleep_for");
  sleep_to(door, deadline_ns);
}

void sleep_until(std::chrono::steady_clock::time_point when) {
  static_cast<void>(caller("mote::sleep_until"));
  const auto begun = now();
  sleep_for(when <= begun ? std::chrono::nanoseconds(0) : when - begun);  // a subtraction that cannot overflow
}

std::chrono::steady_clock::time_point now() {
  const entry door("mote::now");
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(door.here().now_ns()));
}

}  // namespace mote
