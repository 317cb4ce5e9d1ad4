// Servers: processes whose body stays, handles one message after another, and has no stack while there is none.
//
// V1  An idle server is as one that has not begun: where and ground are nullptr, so whoever runs it next gives it a stack, or
//     lets it have that of the one which has just ended or become idle (scheduler::begin).
// V2  It becomes idle at the bottom of its stack, where nothing of it is saved and nothing of it is left: so it may be
//     published at once, by itself (against wait.cpp, P1), and whoever then holds it never looks at this stack. After
//     that nothing here touches it: its waker may have run it to its end.
// V3  A request in hand is unanswered. However the server ends, by return, throw, exit, abandonment or std::terminate, finish
//     gives it back to the mailbox, and the mailbox, being closed, refuses it (request.cpp, R1).
// O1  try_sleep (release) -> the push that ends it (acquire): the waker, and who runs the server, see V1 and the state as the
//     last handler left it. When its slice is spent it goes into the run queue, whose orders carry the same.
#include "runtime/process/core.hpp"
#include "runtime/process/locals.hpp"

#include <mote/detail/server.hpp>
#include <mote/error.hpp>
#include <mote/server.hpp>

#include <exception>
#include <utility>

namespace mote {

start_failed::start_failed(reason why) : no_reply("mote::start: the server ended in init (" + to_string(why) + ")", why) {}

call_timeout::call_timeout(const std::string& what) : no_reply(what, reason::timeout) {}

}  // namespace mote

namespace mote::detail {

namespace {

served& cell_of(process& self) noexcept { return *static_cast<served*>(self.closure_place()); }

// V1
void leave_stack(core& here, process& self) noexcept {
  if constexpr (checks_mutexes) {
    here.calling = "the end of a handler";
    if (mutexes_held() != 0) runnable_hooks::holds_mutexes(here, self, mutexes_held());
  }
  self.reductions.add(here.take_spent());
  self.parked_at = here.coarse_time();
  self.where = nullptr;
  self.ground = nullptr;
  self.stack_used = 0;
  tsan_release(&self);
}

// V2. True: it is nobody's, or somebody else's.
bool become_idle(core& here, process& self) noexcept {
  stack* const ground = self.ground;
  leave_stack(here, self);
  self.doing.store(activity::waiting, relaxed);
  if (self.mail.try_sleep(false)) return true;  // O1
  self.doing.store(activity::running, relaxed);
  self.ground = ground;
  return false;
}

// V2, for one whose slice is spent.
void stand_in_line(core& here, process& self) noexcept {
  leave_stack(here, self);
  here.enqueue(self);
}

std::string text_of(std::chrono::nanoseconds time) {
  const auto whole_ms = std::chrono::duration_cast<std::chrono::milliseconds>(time);
  return whole_ms == time ? std::to_string(whole_ms.count()) + " ms" : std::to_string(time.count()) + " ns";
}

reason last_words(const server_type& type, void* place, const reason& why) noexcept {
  if (type.terminate == nullptr) return why;
  try {
    type.terminate(place, why);
    return why;
  } catch (const exit_unwind&) {
    return why;
  } catch (...) {
    return reason::from_exception(std::current_exception());
  }
}

// The user's code, outside of the runtime. False: the server is to end, for this reason unless it is doomed.
bool run_handler(process& self, reason& why) noexcept {
  void* const place = self.closure_place();
  const auto& type = static_cast<const server_type&>(*self.body);
  try {
    type.run(place);
    return true;
  } catch (const exit_unwind&) {
    return false;
  } catch (const server_stop& stop) {
    why = stop.why;
  } catch (...) {
    why = reason::from_exception(std::current_exception());
  }
  why = last_words(type, place, why);
  return false;
}

bool handle(core& here, process& self, envelope* mail, reason& why) noexcept {
  served& cell = cell_of(self);
  cell.in_hand = mail;
  here.spend(cost::call);
  here.leave();
  const bool goes_on = run_handler(self, why);
  current_core()->enter();
  if (goes_on && cell.in_hand != nullptr) drop_envelope(std::exchange(cell.in_hand, nullptr));
  return goes_on;
}

// The state's destructor is the user's code too, and runs in the server's own name.
void end(process& self, const reason& why) noexcept {
  give_back_in_hand(self);
  void* const place = self.closure_place();
  const bool was_inline = self.closure_is_inline();
  self.doing.store(activity::exiting, relaxed);
  current_core()->leave();
  std::exchange(self.body, nullptr)->drop(place);
  if (!was_inline) deallocate(place);
  if (self.locals != nullptr) self.locals->clear();
  current_core()->enter();
  finish(*current_core(), self, self.has(process_flags::doomed) ? doom_of(self) : why);
}

}  // namespace

void serve(process& self) noexcept {
  reason why;
  for (core* here = current_core();; here = current_core()) {
    const bool news = self.handed != nullptr || self.mail.has_news();
    const bool sorted = !news || sort_if_possible(*here, self);
    if (self.has(process_flags::doomed)) [[unlikely]] return end(self, why);
    if (self.pending.first == nullptr && self.has(process_flags::sheds)) [[unlikely]] take_from_shelf(*here, self);
    if (self.pending.first == nullptr && sorted) {
      if (become_idle(*here, self)) return;
    } else if (self.pending.first == nullptr || here->slice_used_up()) {
      return stand_in_line(*here, self);
    } else if (!handle(*here, self, self.pending.take(&self.pending.first), why)) {
      return end(self, why);
    }
  }
}

void give_back_in_hand(process& self) noexcept {
  if (envelope* const mail = std::exchange(cell_of(self).in_hand, nullptr)) self.pending.append(mail);
}

spawned launch_server(draft& child, tie how, envelope* given, ref& request) {
  envelope_ptr first(given);
  process& server = child.subject();
  {
    const entry door("mote::start");
    process& self = door.self();
    request = refs_of(self).add(ref_kind::request, door.here().new_number(), server.key());
    first->kind = envelope_kind::request;
    first->mark = request.number();
    first->slot = request.slot() & 0xFFFFFF;
    first->generation = server.generation.load(relaxed);
    asker_of(*first) = self.key();
  }
  server.set(process_flags::serves);
  server.pending.append(first.release());
  try {
    return child.launch(how);
  } catch (...) {
    const entry door("mote::start");
    door.self().refs->remove(request);
    throw;
  }
}

void await_start(ref request) {
  try {
    static_cast<void>(wait_reply(request, no_deadline));
  } catch (const no_reply& failed) {
    throw start_failed(failed.why());
  }
}

// An answer that cannot cross to another OS process is no fault of the server's: the asker hears of it.
void answer_in_hand(served& cell, envelope* given) {
  envelope_ptr answer(given);
  const entry door("mote::reply");
  core& here = door.here();
  const envelope_ptr asked(std::exchange(cell.in_hand, nullptr));
  here.spend(cost::call);
  if (door.self().has(process_flags::killed)) return;
  answer->mark = asked->mark;
  answer->slot = asked->slot;
  answer->kind = envelope_kind::reply;
  try {
    post_to(here, asker_of(*asked), answer.release(), urgency::urgent);
  } catch (const usage_error&) {
    refuse_request(here, door.self(), *asked, reason::from_exception(std::current_exception()));
  }
}

void leave_starter() { static_cast<void>(unlink(parent())); }

void stop_if_told(envelope& mail) {
  if (same_type(*mail.type, message_type_of<server_stop>)) throw *static_cast<const server_stop*>(mail.payload());
  if (!same_type(*mail.type, message_type_of<exited>)) return;
  const auto& news = *static_cast<const exited*>(mail.payload());
  if (news.from == parent()) throw server_stop{news.why};
}

void refuse_in_hand(served& cell, const message_type& server) {
  if (cell.in_hand->kind != envelope_kind::request) return;  // dropped by handle()
  const entry door("mote::receive");
  refuse_request(door.here(), door.self(), *cell.in_hand,
                 reason::error(std::string(server.name) + " has no handler for " + std::string(cell.in_hand->type->name)));
  drop_envelope(std::exchange(cell.in_hand, nullptr));
}

void stop_server(pid who, const reason& why, std::chrono::nanoseconds timeout) {
  const ref watch = monitor(who);
  send(who, server_stop{why});
  const reason ended = receive(when([&](const down& news) { return news.monitor == watch; },
                                    [](down news) { return std::move(news.why); }),
                               after(timeout, [&]() -> reason {
                                 demonitor(watch, true);
                                 throw call_timeout("mote::stop: " + to_string(who) + " has not ended within " + text_of(timeout));
                               }));
  if (!(ended == why)) throw no_reply(ended);
}

void call_timed_out(pid to, std::string_view server, const message_type& asked, std::chrono::nanoseconds timeout) {
  throw call_timeout("mote::call: " + std::string(server) + " " + to_string(to) + " has not answered " + std::string(asked.name) +
                     " within " + text_of(timeout));
}

}  // namespace mote::detail
