// How a process runs and ends: one path for return, throw, exit(), an exit signal, std::terminate and being abandoned.
//
// X1  The mailbox closes first. A link or monitor request already inside is served like any other, one that finds it closed
//     is answered by its own sender (ties.cpp, L3): nobody waits for ever.
// X2  The name is free before peers hear, so whoever has the news can take it. Peers hear before info() and processes() miss
//     the process, so who does not find it any more knows that the news is out.
// O1  activity::free (release) -> a look at it (acquire): who misses the process finds the news in its mailbox.
// X3  An exit is thrown again at every call that may end the process, because a catch (...) may swallow it; after
//     `most_throws` the process is abandoned. It is never thrown while the stack unwinds. A killed process that calls
//     nothing that may end it, as in a loop of sends, is worn down the same way, by every usual slice that it spends.
// X4  To tell of an end takes memory. Without any, a process that has ended keeps what it has not told yet in its block, and is
//     made ready again as one that has not begun: each turn goes on where the last stopped. Telling somebody twice does no
//     harm, since the first news takes the entry away that the second would need (ties.cpp, L1, M1).
// X5  A user's code that runs in here, destructors and on_crash, runs in nobody's name (core.hpp): the process has ended.
#include "runtime/process/core.hpp"
#include "runtime/memory/blocks.hpp"
#include "runtime/process/locals.hpp"

#include <exception>
#include <mutex>
#include <new>
#include <utility>

namespace mote::detail {

namespace {

constexpr std::uint32_t most_throws = 32;

void run_closure(process& self) {
  void* const place = self.closure_place();
  struct block {
    void* held;
    ~block() { deallocate(held); }
  } const larger{self.closure_is_inline() ? nullptr : place};
  std::exchange(self.body, nullptr)->run(place);
}

// The user's code. Every exception ends here.
reason call(process& self) noexcept {
  reason why;
  current_core()->leave();
  try {
    run_closure(self);
  } catch (const exit_unwind&) {
  } catch (...) {
    why = reason::from_exception(std::current_exception());
  }
  self.doing.store(activity::exiting, relaxed);
  if (self.locals != nullptr) self.locals->clear();
  current_core()->enter();
  return why;
}

// What has come for one that has not begun. Without memory it looks again at its first call. The mailbox of one that is
// unfinished (X4) is closed.
MOTE_COLD void look_before_start(core& here, process& self) noexcept {
  if (!self.has(process_flags::unfinished)) static_cast<void>(sort_if_possible(here, self));
}

}  // namespace

void give_up_body(process& self) noexcept {
  if (self.has(process_flags::serves)) give_back_in_hand(self);
  void* const place = self.closure_place();
  const bool was_inline = self.closure_is_inline();
  run_destructor(std::exchange(self.body, nullptr)->drop, place);
  if (!was_inline) deallocate(place);
}

namespace {

// Of a stack that is discarded: what is thrown or handled on it is never destroyed.
void lose_exceptions(core& here) noexcept {
  if (std::current_exception() != nullptr || here.uncaught_exceptions() != 0) here.home.lost_exceptions.fetch_add(1, relaxed);
  forget_exceptions(here);
}

}  // namespace

reason doom_of(const process& self) noexcept {
  const bool untold = self.doom.kind() == reason_kind::stack_overflow && self.doom.text().empty();
  return untold && self.ground != nullptr && self.ground->overflowed_at != nullptr ? overflow_reason(*current_core(), self) : self.doom;
}

namespace {

// Reasons that are told even when there is no memory to tell more.
reason no_stack(const runtime& home) noexcept {
  try {
    return reason(reason_kind::error,
                  "no stack for a process: the arena of " + std::to_string(home.stacks.usage().arena_bytes) +
                      " bytes (options::arena_bytes) or the system's memory is used up",
                  ENOMEM, "mote::system_limit");
  } catch (const std::bad_alloc&) {
    return reason(reason_kind::error, ENOMEM);
  }
}

reason would_not_end(const process& self) noexcept {
  if (self.doom.kind() == reason_kind::stack_overflow) return doom_of(self);
  try {
    return reason(reason_kind::abandoned, "would not end: " + to_string(self.doom));
  } catch (const std::bad_alloc&) {
    return reason(reason_kind::abandoned);
  }
}

}  // namespace

void runnable_hooks::run(runnable& fresh) noexcept {
  auto& self = static_cast<process&>(fresh);
  tsan_acquire(&self);
  if ((self.mail.high() & inbox_flags::urgent) != 0) [[unlikely]] look_before_start(*current_core(), self);
  reason why;
  if (!self.has(process_flags::doomed | process_flags::serves)) [[likely]] {
    why = call(self);
  } else if (self.has(process_flags::serves)) {
    return serve(self);
  }
  if (self.has(process_flags::doomed)) [[unlikely]] why = doom_of(self);
  finish(*current_core(), self, why);
}

void runnable_hooks::refuse(scheduler& here, runnable& fresh) noexcept {
  auto& self = static_cast<process&>(fresh);
  auto& now = static_cast<core&>(here);
  if (self.has(process_flags::unfinished)) return finish(now, self, reason(self.doom));
  finish(now, self, no_stack(now.home));
}

void doom(process& self, const reason& why, bool killed) {
  if (self.has(process_flags::killed) || (self.has(process_flags::doomed) && !killed)) return;
  self.doom = why;
  self.set(process_flags::doomed | (killed ? process_flags::killed : 0));
}

void wear_down(core& here, process& self) noexcept {
  const std::uint32_t times = (self.flags >> process_flags::throws_shift) + 1;
  if (times > most_throws) abandon(here, self);
  self.flags = self.flags + (1u << process_flags::throws_shift);
}

void end_doomed(core& here, process& self) {
  if (here.uncaught_exceptions() != 0 || self.doing.load(relaxed) == activity::exiting) return;  // X3
  wear_down(here, self);
  throw exit_unwind{};
}

void abandon(core& here, process& self) {
  here.home.abandoned.fetch_add(1, relaxed);
  stack* const ground = self.ground;
  lose_exceptions(here);
  finish(here, self, would_not_end(self));
  here.retire(ground);
}

namespace {

void tell_everyone(core& here, process& self, const reason& why) {
  sort_last_mail(here, self, why);  // X1
  if (self.refs != nullptr) refuse_open_requests(here, self, why);
  if (self.details != nullptr) unname_process(here.home, self);
  cut_ties(here, self, why);
}

// X4
MOTE_COLD void finish_later(core& here, process& self, const reason& why) noexcept {
  self.doom = why;
  self.set(process_flags::doomed | process_flags::unfinished);
  self.clear(process_flags::serves);
  self.where = nullptr;
  self.ground = nullptr;
  tsan_release(&self);  // whoever goes on with it
  here.enqueue(self);
}

MOTE_COLD void drop_locals(core& here, std::unique_ptr<local_values> left) noexcept {
  const in_nobodys_name outside(here);  // X5
  left.reset();
}

MOTE_COLD void clear_unusual(runtime& home, process& self) noexcept {
  self.doom = {};
  if (self.has(process_flags::limited)) forget_bounds(home, self);
}

MOTE_COLD void tell_of_disorder(core& here, process& self, const reason& why) noexcept {
  if (here.orders()) here.order().ended(self.key(), why);
  const bool unheard = !self.has(process_flags::heard) || why.kind() == reason_kind::stack_overflow;
  if (unheard && why.kind() != reason_kind::killed) report_crash(here, self, why);
}

}  // namespace

void finish(core& here, process& self, const reason& why) noexcept {
  self.doing.store(activity::exiting, relaxed);
  MOTE_PROBE(exit, &self, self.index);
  here.trace().record(event::exit, trace_number(&self), static_cast<std::uint64_t>(why.kind()));
  if (self.wait_timer.generation != 0) [[unlikely]] {
    timer_wheel::cancel(self.wait_timer, &here.timers());
    self.wait_timer = {};
  }
  if (self.body != nullptr) [[unlikely]] give_up_body(self);
  try {
    tell_everyone(here, self, why);
  } catch (const std::bad_alloc&) {
    return finish_later(here, self, why);
  }
  if (why) [[unlikely]] tell_of_disorder(here, self, why);
  if (self.locals != nullptr) [[unlikely]] drop_locals(here, std::move(self.locals));  // of one whose stack is discarded
  if (self.details != nullptr) drop_details(here.home, self);
  const std::uint64_t awaited_key = self.has(process_flags::awaited) ? self.key() : 0;
  if (self.has(process_flags::doomed | process_flags::limited)) [[unlikely]] clear_unusual(here.home, self);
  self.flags = 0;
  here.ended.add(1);
  tsan_release(&self);  // whoever gets the block next
  self.doing.store(activity::free, release);  // X2 O1
  if (self.generation.load(relaxed) != ~std::uint32_t{0}) here.blocks.give(self);  // else retired (table.hpp, T2)
  if (awaited_key != 0) [[unlikely]] here.home.tell_awaiter(awaited_key, why);
}

core::core(runtime& owner, station* place)
    : scheduler(owner.schedulers, place, owner.stacks),
      home(owner),
      blocks(owner.table),
      envelopes(blocks_in_use.may_keep && !owner.settings.deterministic_seed),
      numbers_((owner.settings.deterministic_seed ? 0 : (owner.table.place() & most_places) << own_numbers) |
               (serial_of(owner.table.place()) != 0 ? isolated_numbers : 0)) {
  nobody.index = ~std::uint32_t{0};
  static_cast<void>(nobody.mail.close());
  nobody.doing.store(activity::exiting, relaxed);
  nobody.set(process_flags::hidden);
}

void forget_nobody(core& here) noexcept {
  process& nobody = here.nobody;
  nobody.flags = process_flags::hidden;
  if (nobody.doom.kind() != reason_kind::normal) nobody.doom = {};
  if (nobody.links.empty() && nobody.refs == nullptr && nobody.details == nullptr && nobody.locals == nullptr) return;
  if (std::unique_ptr<local_values> left = std::move(nobody.locals)) drop_locals(here, std::move(left));
  if (nobody.details != nullptr) drop_details(here.home, nobody);
  try {
    cut_ties(here, nobody, reason::noproc);
  } catch (const std::bad_alloc&) {  // then the next time
  }
}

namespace {

constinit std::mutex terminate_lock;       // of the two below
constinit unsigned terminate_catches = 0;
std::terminate_handler before_ours = nullptr;

// Why std::terminate was called, as far as can be told.
reason terminated(const process& self) {
  if (self.has(process_flags::doomed)) return doom_of(self);
  const std::exception_ptr thrown = std::current_exception();
  if (thrown != nullptr) return reason::from_exception(thrown);
  try {
    return reason::error("std::terminate was called");
  } catch (const std::bad_alloc&) {
    return reason(reason_kind::error);
  }
}

// std::terminate on a process's stack ends that process only. Its stack is discarded: nothing below can be unwound.
[[noreturn]] void end_this_process_only() {
  core* here = current_core();
  if (here == nullptr || here->running() == nullptr || !*here->home.settings.catch_terminate) {
    before_ours();
    std::abort();
  }
  here = enter(*here);
  process& self = *here->current();
  stack* const ground = self.ground;
  {
    const reason why = terminated(self);
    lose_exceptions(*here);
    finish(*here, self, why);
  }  // nothing of ours may be left on the stack
  here->retire(ground);
}

}  // namespace

terminate_catch::terminate_catch() noexcept {
  const std::lock_guard hold(terminate_lock);
  const bool stands = std::get_terminate() == &end_this_process_only;  // also when another library's restored it
  if (terminate_catches++ == 0 && !stands) before_ours = std::set_terminate(&end_this_process_only);
}

terminate_catch::~terminate_catch() {
  const std::lock_guard hold(terminate_lock);
  if (--terminate_catches == 0 && std::get_terminate() == &end_this_process_only) std::set_terminate(before_ours);
}

}  // namespace mote::detail

namespace mote {

using namespace detail;

void exit(reason why) {
  {
    const entry door("mote::exit");
    process& self = door.self();
    if (door.here().uncaught_exceptions() != 0) throw usage_error("mote::exit: called while the stack unwinds");
    doom(self, why.kind() == reason_kind::kill ? reason::killed : why, false);
    end_if_doomed(door.here(), self);
  }
  throw usage_error("mote::exit: called by a process that has ended already");
}

}  // namespace mote
