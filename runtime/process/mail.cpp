// Sending: from the caller's hands into the receiver's inbox. docs/design/mailbox.md.
#include "runtime/process/outside.hpp"

#include <mote/send.hpp>

#include <new>
#include <utility>

namespace mote::detail {

void ask_for_memory() {
  core* const here = current_core();
  if (here != nullptr && here->orders() && here->order().fails(mishap::memory)) throw std::bad_alloc();
}

namespace {

MOTE_COLD void* new_block(std::size_t bytes, std::uint8_t shelf) {
  ask_for_memory();
  const errno_kept same;  // the allocator looks at the machine when a thread first comes to it
  return allocate(shelf == shelves::none ? bytes : shelves::bytes_of(shelf));
}

// In a deterministic run no shelf keeps any, so that all come by here.
MOTE_COLD void give_block(core* here, envelope* mail) noexcept {
  if (here != nullptr && here->orders() && here->running() != nullptr) {
    const std::uint64_t who = runnable_hooks::name(*here->running());
    here->order().freed(here->index(), who, *mail, here->inside());
  }
  deallocate(mail);
}

}  // namespace

envelope* allocate_envelope(std::size_t bytes) {
  const std::uint8_t shelf = shelves::shelf_for(bytes);
  core* const here = current_core();
  void* block = here != nullptr ? here->envelopes.take(shelf) : nullptr;
  if (block == nullptr) [[unlikely]] block = new_block(bytes, shelf);
  auto* const mail = static_cast<envelope*>(block);
  mail->mark = 0;
  mail->slot = 0;
  mail->kind = envelope_kind::message;
  mail->counts = counting::nowhere;
  mail->shelf = shelf & 0xF;
  return mail;
}

void free_envelope(envelope* mail) noexcept {
  core* const here = current_core();
  if (here != nullptr && here->envelopes.give(static_cast<std::uint8_t>(mail->shelf), mail)) [[likely]] return;
  give_block(here, mail);
}

void drop_envelope(envelope* mail) noexcept {
  if (mail->type->destroy != nullptr) run_destructor(mail->type->destroy, mail->payload());
  free_envelope(mail);
}

void run_destructor(void (*destroy)(void*) noexcept, void* value) noexcept {
  core* const here = current_core();
  if (here == nullptr || !here->inside()) [[likely]] return destroy(value);
  const in_nobodys_name outside(*here);
  destroy(value);
}

in_nobodys_name::in_nobodys_name(core& here) noexcept : here_(here), before_(here.act_as(&here.nobody)) { here.leave(); }

in_nobodys_name::~in_nobodys_name() {
  here_.enter();
  forget_nobody(here_);
  here_.act_as(before_);
}

void not_in_a_process(const char* call, envelope* given) {
  if (given != nullptr) drop_envelope(given);
  if (current_core() != nullptr) {  // whose thread a fork has taken along (scheduler::orphan)
    throw usage_error(std::string(call) + ": called in the child of a fork that a process made; there only exec or _exit may follow");
  }
  throw usage_error(std::string(call) + ": called from a plain thread; it belongs inside a process (mote::run)");
}

namespace {

std::uint64_t units_of(const envelope& mail) noexcept { return mail.bytes() >> 4; }

// What the receiver will touch first when it runs, which is soon: its own lines, and its innermost frames.
void prefetch(const process& woken) noexcept {
  const auto frames = reinterpret_cast<std::uintptr_t>(woken.where);  // a server has none
  __builtin_prefetch(&woken.pending);
  for (std::size_t line = 0; line < 4; ++line) __builtin_prefetch(reinterpret_cast<const void*>(frames + line * cache_line_bytes));
}

void address_to(envelope& mail, [[maybe_unused]] const process& to, std::uint32_t generation) noexcept {
  mail.generation = generation;
  MOTE_PROBE(send, &to, to.index, mail.type);
}

// To one that slept and is the caller's to make ready.
void hand_over(process& to, envelope* mail) noexcept {
  prefetch(to);
  to.handed = mail;
  tsan_release(&to);  // the receiver need not look at its inbox to find what was handed over
}

void charge_for(core& here, const process& to, std::uint64_t load) noexcept {
  charge(here, to, inbox_load::count(load) + to.pending.count.get());
}

// What becomes of mail for which push has said so.
inline __attribute__((always_inline)) posted after_push(core& here, process& to, envelope* mail, pushed result,
                                                        std::uint64_t load, const patience& at_full) {
  if (result == pushed::queued) {
    charge_for(here, to, load);
    return posted::in;
  }
  if (result >= pushed::closed) [[unlikely]] {
    return result == pushed::closed ? posted::gone : offer_bounded(&here, here.home, to, mail, at_full);
  }
  hand_over(to, result == pushed::woke ? mail : nullptr);
  here.make_ready(to);
  return posted::in;
}

inline __attribute__((always_inline)) posted offer(core& here, process* to, std::uint32_t generation, envelope* mail,
                                                   urgency how, const patience& at_full) {
  if (to == nullptr) [[unlikely]] return posted::gone;
  if (how == urgency::urgent && here.home.mail_is_slow) [[unlikely]] {
    mail->generation = generation;
    if (is_postponed(&here, here.home, *to, mail, how)) return posted::in;
  }
  address_to(*mail, *to, generation);
  std::uint64_t load = 0;
  const pushed result = to->mail.push(mail, units_of(*mail), how == urgency::urgent, load);
  return after_push(here, *to, mail, result, load, at_full);
}

MOTE_COLD bool lose(envelope* mail) noexcept {
  drop_envelope(mail);
  return false;
}

}  // namespace

bool post(core& here, process* to, std::uint32_t generation, envelope* mail, urgency how) noexcept {
  if (offer(here, to, generation, mail, how, insists) != posted::in) [[unlikely]] return lose(mail);
  return true;
}

bool post_or_keep(core& here, process* to, std::uint32_t generation, envelope_ptr& mail, urgency how) noexcept {
  const bool is_in = offer(here, to, generation, mail.get(), how, insists) == posted::in;
  if (is_in) static_cast<void>(mail.release());
  return is_in;
}

posted post_patiently(core& here, process* to, std::uint32_t generation, envelope_ptr& mail, const patience& at_full) {
  const posted result = offer(here, to, generation, mail.get(), urgency::ordinary, at_full);
  if (is_in(result)) static_cast<void>(mail.release());
  return result;
}

namespace {

// Whether the way to that place leads through the isolated processes of this runtime, or out of one.
bool is_of_family(const runtime& home, pid who) noexcept {
  if (home.elsewhere == nullptr) return false;
  return serial_of(home.table.place()) != 0 || family_of(who.place()) == home.table.place();
}

// To a process of another runtime of this program. Messages only: what ties and asks keeps keys that are one runtime's.
posted post_to_sibling(pid to, envelope_ptr mail, const patience& at_full) {
  const visit there = visit::to(family_of(to.place()));
  const bool leads_there = there && (to.place() == there.home().table.place() || is_of_family(there.home(), to));
  return leads_there ? post_from_outside(there.home(), to, std::move(mail), at_full) : posted::gone;
}

constexpr posted in_or_gone(bool in) noexcept { return in ? posted::in : posted::gone; }

}  // namespace

posted post_abroad(core& here, pid to, envelope_ptr mail, urgency how, const patience& at_full) {
  if (to.place() == here.home.table.place()) return posted::gone;
  if (!is_of_family(here.home, to)) {
    if (mail->kind != envelope_kind::message) return posted::gone;
    return post_to_sibling(to, std::move(mail), at_full.what == patience::kind::waits ? insists : at_full);
  }
  const auto [to_key, given, gone] = here.home.elsewhere->forward(to, std::move(mail), abroad::moment::now);
  if (given == nullptr) return in_or_gone(gone);
  return in_or_gone(post(here, here.home.table.find(to_key), static_cast<std::uint32_t>(to_key >> 32), given, how));
}

bool post_to(core& here, std::uint64_t to_key, envelope* mail, urgency how) {
  process* const to = here.home.table.find(to_key);
  if (to != nullptr || !is_foreign(to_key)) [[likely]] {
    return post(here, to, static_cast<std::uint32_t>(to_key >> 32), mail, how);
  }
  return is_in(post_abroad(here, pid_for(here.home, to_key), envelope_ptr(mail), how));
}

namespace {

MOTE_COLD posted offer_from_outside(runtime& home, process* receiver, pid to, envelope* mail, const patience& at_full,
                                    urgency urgent) {
  if (receiver == nullptr) return posted::gone;
  MOTE_PROBE(send, receiver, receiver->index, mail->type);
  std::uint64_t load = 0;
  mail->generation = to.generation();
  const pushed how = receiver->mail.push(mail, units_of(*mail), urgent == urgency::urgent, load);
  if (how == pushed::closed) return posted::gone;
  if (how == pushed::bounded) return offer_bounded(nullptr, home, *receiver, mail, at_full);
  if (how == pushed::queued) return posted::in;
  if (how == pushed::woke) receiver->handed = mail;
  tsan_release(receiver);
  home.schedulers.submit(*receiver);
  return posted::in;
}

}  // namespace

posted post_from_outside(runtime& home, pid to, envelope_ptr mail, const patience& at_full, urgency how) {
  if (to.place() != home.table.place()) [[unlikely]] {
    if (!is_of_family(home, to)) return post_to_sibling(to, std::move(mail), at_full);
    const auto [to_key, given, gone] = home.elsewhere->forward(to, std::move(mail), abroad::moment::now);
    return given != nullptr ? post_from_outside(home, home.table.pid_of(to_key), envelope_ptr(given), at_full) : in_or_gone(gone);
  }
  const posted result = offer_from_outside(home, home.table.find(to), to, mail.get(), at_full, how);
  if (is_in(result)) static_cast<void>(mail.release());
  return result;
}

void nudge_from_outside(runtime& home, std::uint64_t key) noexcept {
  process* const sleeper = home.table.find(key);
  if (sleeper == nullptr || sleeper->mail.nudge() != pushed::woke_linked) return;
  tsan_release(sleeper);
  home.schedulers.submit(*sleeper);
}

envelope_ptr make_signal(signal&& news) {
  envelope_ptr mail(make_envelope(std::move(news)));
  mail->kind = envelope_kind::signal;
  return mail;
}

bool post_urgent(core& here, std::uint64_t to_key, envelope_ptr mail) noexcept {
  if (!is_foreign(to_key)) [[likely]] {
    return post(here, here.home.table.find(to_key), static_cast<std::uint32_t>(to_key >> 32), mail.release(), urgency::urgent);
  }
  try {
    return is_in(post_abroad(here, pid_for(here.home, to_key), std::move(mail), urgency::urgent));
  } catch (...) {
    return false;  // without memory there is no way there
  }
}

namespace {

// Books what the running process has spent. One that is killed and spends on is worn down (finish.cpp, X3).
void book_spent(core& here, process& self) noexcept {
  const std::uint64_t before = self.reductions;
  self.reductions.add(here.take_spent());
  const bool on_and_on = before / scheduler::usual_slice != self.reductions / scheduler::usual_slice;
  if (on_and_on && self.has(process_flags::killed)) [[unlikely]] wear_down(here, self);
}

}  // namespace

send_result told_of(posted how) noexcept {
  if (is_in(how)) return send_result::delivered;
  return how == posted::full ? send_result::full : send_result::no_process;
}

void yield_used_up(core& here) {
  process& self = *here.current();
  book_spent(here, self);
  if (self.doing.load(relaxed) == activity::exiting) return;  // a destructor inside finish(), which stays here
  if (self.ground->overflowed_at != nullptr) [[unlikely]] end_doomed(here, self);
  if (here.crowder == &self) look_at_length(here, *here.crowded);
  // Who fills another's mailbox is better off beside him: from another core each message costs both of them cache misses.
  if (std::exchange(here.crowder, nullptr) == &self) {
    here.yield_to(here.crowded->works_on);
  } else if (here.orders()) {
    here.yield_ordered();
  } else {
    here.yield();
  }
}

namespace {

MOTE_COLD void sort_before_sending(core& here, process& self, envelope* given) {
  envelope_ptr mail(given);
  sort_mail(here, self);
  static_cast<void>(mail.release());
}

// Takes what the sender has been told meanwhile: once it is killed, what it sends goes nowhere.
bool is_killed(core& here, process& self, envelope* given) {
  if ((self.mail.high() & inbox_flags::urgent) != 0) [[unlikely]] sort_before_sending(here, self, given);
  return self.has(process_flags::killed);
}

// There is no such process here, or the sender is killed.
MOTE_COLD posted send_elsewhere(core& here, pid to, envelope* mail, const patience& at_full) {
  envelope_ptr owned(mail);
  if (here.current()->has(process_flags::killed)) return posted::gone;
  return post_abroad(here, to, std::move(owned), urgency::ordinary, at_full);
}

// Inlined into the callers, which then know of each result where it comes from.
inline __attribute__((always_inline)) posted send_one(core& here, pid to, envelope* mail, const patience& at_full) {
  here.spend(cost::call);
  process* const receiver = is_killed(here, *here.current(), mail) ? nullptr : here.home.table.find(to);
  if (receiver == nullptr) [[unlikely]] return send_elsewhere(here, to, mail, at_full);
  const posted result = offer(here, receiver, to.generation(), mail, urgency::ordinary, at_full);
  if (!is_in(result)) [[unlikely]] lose(mail);
  return result;
}

}  // namespace

namespace {

// What deliver does where it cannot go its usual way. Each leaves.

void yield_after(const entry& door, posted result) {
  yield_if_used_up(result == posted::in ? door.entered() : door.here());
}

__attribute__((noinline)) void enter_and_deliver(pid to, envelope* mail) {
  const entry door("mote::send", mail, key_of(to));
  yield_after(door, send_one(door.entered(), to, mail, waits_for_room));
}

MOTE_COLD void deliver_carefully_and_leave(core& here, pid to, envelope* mail) {
  const entry door(here);
  yield_after(door, send_one(here, to, mail, waits_for_room));
}

__attribute__((noinline)) void push_slowly_and_leave(core& here, process& to, envelope* mail, pushed so_far) {
  const entry door(here);
  const posted result = after_push(here, to, mail, so_far, 0, waits_for_room);
  if (!is_in(result)) [[unlikely]] lose(mail);
  yield_after(door, result);
}

MOTE_COLD void make_ready_and_leave(core& here, process& woken) {
  const entry door(here);
  here.make_ready(woken);
  yield_if_used_up(here);
}

MOTE_COLD void watch_and_leave(core& here) {
  const entry door(here);
  here.wake_another();
  yield_if_used_up(here);
}

MOTE_COLD void end_slice_and_leave(core& here) {
  const entry door(here);
  yield_used_up(here);
}

// To one that does not sleep, or not just for this.
__attribute__((noinline)) void push_and_leave(core& here, process& to, envelope* mail) {
  std::uint64_t load = 0;
  const pushed result = to.mail.push_to_any(mail, units_of(*mail), false, load);
  if (result != pushed::queued) [[unlikely]] return push_slowly_and_leave(here, to, mail, result);
  charge_for(here, to, load);
  if (here.slice_used_up()) [[unlikely]] return end_slice_and_leave(here);
  here.leave();
}

}  // namespace

// The usual way, to one that sleeps, has no call in it, and each other way is one at its end: so nothing is saved on the stack for
// the sake of what may happen.
MOTE_FLATTEN void deliver(pid to, envelope* mail) {
  core* const here = enter_freely("mote::send");
  if (here == nullptr) [[unlikely]] return enter_and_deliver(to, mail);
  process& self = *here->current();
  if ((self.mail.high() & inbox_flags::urgent) != 0) [[unlikely]] return deliver_carefully_and_leave(*here, to, mail);
  if (self.has(process_flags::killed)) [[unlikely]] return deliver_carefully_and_leave(*here, to, mail);
  process* const receiver = here->home.table.find(to);
  if (receiver == nullptr) [[unlikely]] return deliver_carefully_and_leave(*here, to, mail);
  here->spend(cost::call);
  address_to(*mail, *receiver, to.generation());
  if (!receiver->mail.end_sleep()) return push_and_leave(*here, *receiver, mail);
  hand_over(*receiver, mail);
  if (!scheduler::belongs_in_slot(*receiver)) [[unlikely]] return make_ready_and_leave(*here, *receiver);
  here->put_in_slot(*receiver);
  if (here->wants_watcher()) [[unlikely]] return watch_and_leave(*here);
  if (here->slice_used_up()) [[unlikely]] return end_slice_and_leave(*here);
  here->leave();
}

send_result try_deliver(pid to, envelope* mail) {
  const entry door("mote::try_send", mail, key_of(to));
  const posted result = send_one(door.here(), to, mail, refuses);
  if (door.here().slice_used_up()) [[unlikely]] book_spent(door.here(), door.self());
  return told_of(result);
}

std::uint64_t key_abroad(const runtime& home, pid who, const char* call) {
  if (!is_of_family(home, who)) {
    if (call != nullptr && visit::to(family_of(who.place()))) {
      throw usage_error(std::string(call) + ": " + to_string(who) + " lives in another runtime of this program; messages " +
                        "reach it, but it can be watched, asked and ended only by those who live there with it");
    }
    return 0;
  }
  const std::uint64_t key = foreign_key(home.table.place(), who);
  if (key == 0 && call != nullptr && who.place() >> 32 == family_of(home.table.place())) {
    throw usage_error(std::string(call) + ": " + to_string(who) + " lives inside of another OS process; messages reach it, " +
                      "but only the isolated process itself, " + to_string(isolated_pid(who.place())) +
                      ", can be watched or asked");
  }
  return key;
}

process* find_or_stand_in(const runtime& home, pid who) noexcept {
  if (who.place() == home.table.place() || home.elsewhere == nullptr) return home.table.find(who);
  return home.table.find(home.elsewhere->stand_in_for(who));
}

pid require_name(const char* call, std::string_view name) {
  const entry door(call);
  return door.home().names.require(call, name);
}

}  // namespace mote::detail
