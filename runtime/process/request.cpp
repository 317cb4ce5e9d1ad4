// Requests: a question, its answer, and the news that none will come, all by one entry of the asker's ref table, so that the
// answer is found in constant time and one that comes too late vanishes.
//
// R1  A request watches whom it asks without a monitor of its own: who takes a request out of its mailbox owes an answer
//     (ref_table::owed) until it replies or somebody else has; when it ends owing, or with the request still in its mailbox, it
//     sends a `down` in the answer's place. A request that finds the mailbox closed gets one from its own sender.
// R2  An answer from another process than the one asked is followed by request_done to the one asked, which owes no more.
// Source: Erlang's process aliases (EEP 53) and the receive optimisation by references.
#include "runtime/process/core.hpp"

#include <mote/detail/server.hpp>
#include <mote/receive.hpp>

#include <utility>

namespace mote {

std::optional<reply_to> any_message::from() const {
  if (mail_->kind != detail::envelope_kind::request) return std::nullopt;
  return detail::asker_in(*mail_);
}

no_reply::no_reply(reason why)
    : no_reply("mote::receive_reply: the process asked has ended (" + to_string(why) + ")", why) {}

no_reply::no_reply(const std::string& what, reason why)
    : std::system_error(std::make_error_code(why.kind() == reason_kind::timeout ? std::errc::timed_out
                                                                                 : std::errc::no_such_process),
                        what),
      why_(std::move(why)) {}

}  // namespace mote

namespace mote::detail {

namespace {

void forget_request(process& self, std::uint64_t number) noexcept {
  if (self.refs != nullptr) self.refs->owed.erase(number);
}

ref request_of(const envelope& mail) noexcept { return ref(mail.mark, mail.slot); }

MOTE_COLD bool ask_elsewhere(core& here, process& self, ref which, pid to, envelope_ptr mail) {
  try {
    return is_in(post_abroad(here, to, std::move(mail), urgency::ordinary));
  } catch (...) {
    self.refs->remove(which);
    throw;
  }
}

// Nobody is there to answer, or its mailbox is full. Without memory to say so there was no request.
void refuse_own_request(process& self, ref which, pid asked, posted how) {
  try {
    const reason why = how == posted::full ? reason(reason_kind::mailbox_full, "the mailbox is full") : reason::noproc;
    self.refs->find(which)->answer.reset(make_envelope(down{which, asked, why}));
  } catch (...) {
    self.refs->remove(which);
    throw;
  }
}

// A request and, unless timeout, how it was posted or refused.
struct posted_request {
  ref name;
  posted how;
};

posted_request post_request(core& here, process& self, pid to, envelope_ptr mail, const patience& at_full) {
  const ref which = refs_of(self).add(ref_kind::request, here.new_number(), key_for(here.home, to, "mote::request"));
  mail->kind = envelope_kind::request;
  mail->mark = which.number();
  mail->slot = which.slot() & 0xFFFFFF;
  asker_of(*mail) = self.key();
  here.spend(cost::call);
  process* const asked = here.home.table.find(to);
  posted how = posted::gone;
  if (asked != nullptr) {
    how = post_patiently(here, asked, to.generation(), mail, at_full);
  } else if (ask_elsewhere(here, self, which, to, std::move(mail))) {
    how = posted::in;
  }
  if (how == posted::gone || how == posted::full) refuse_own_request(self, which, to, how);  // R1
  if (how == posted::timeout) self.refs->remove(which);
  yield_if_used_up(*current_core());
  return {which, how};
}

}  // namespace

ref send_request(pid to, envelope* given) {
  const entry door("mote::request", given, key_of(to));
  envelope_ptr mail(given);
  if (!to) throw usage_error("mote::request: a pid that names nobody");
  return post_request(door.here(), door.self(), to, std::move(mail), waits_for_room).name;
}

reply_to asker_in(envelope& mail) {
  const entry door("mote::any_message");
  const runtime& home = door.home();
  return reply_to(pid_for(home, asker_of(mail)), request_of(mail), home.table.pid_of(door.self().key()));
}

void owe_answer(process& self, envelope& mail) {
  refs_of(self).owed.insert(mail.mark) = {asker_of(mail), request_of(mail)};
}

reply_to accept_request(envelope& mail) {
  {
    const entry door("mote::receive");
    owe_answer(door.self(), mail);
  }
  return asker_in(mail);
}

void send_reply(const reply_to& to, envelope* given) {
  const entry door("mote::reply", given);
  envelope_ptr mail(given);
  core& here = door.here();
  process& self = door.self();
  here.spend(cost::call);
  const std::uint64_t asked = key_for(here.home, to.asked(), "mote::reply");
  const bool own = asked == self.key();
  envelope_ptr done;
  if (!own) done = make_signal({signal_kind::request_done, 0, here.home.table.pid_of(self.key()), to.request().number(), {}});
  if (!self.has(process_flags::killed)) {
    mail->mark = to.request().number();
    mail->slot = to.request().slot() & 0xFFFFFF;
    mail->kind = envelope_kind::reply;
    if (process* const asker = here.home.table.find(to.asker())) [[likely]] {
      static_cast<void>(post(here, asker, to.asker().generation(), mail.release(), urgency::urgent));
    } else {
      static_cast<void>(post_abroad(here, to.asker(), std::move(mail), urgency::urgent));
    }
  }
  if (own) {
    forget_request(self, to.request().number());
  } else {
    post_urgent(here, asked, std::move(done));  // R2
  }
  yield_if_used_up(door.here());
}

void request_done(process& self, std::uint64_t number) noexcept { forget_request(self, number); }

void refuse_request(core& here, process& asked, const envelope& mail, const reason& why) {
  const pid own = name_of(here.home, asked);
  const ref which = request_of(mail);
  post_marked(here, asker_of(const_cast<envelope&>(mail)), which, down{which, own, why});
}

void refuse_open_requests(core& here, process& self, const reason& why) {
  const pid own = name_of(here.home, self);
  self.refs->owed.for_each([&](std::uint64_t, open_request& one) {
    if (one.asker_key != 0) post_marked(here, one.asker_key, one.request, down{one.request, own, why});
    one.asker_key = 0;
  });
  self.refs->owed.clear();
}

namespace {

const down* as_down(envelope& answer) noexcept {
  const bool is_down = answer.kind == envelope_kind::message && same_type(*answer.type, message_type_of<down>);
  return is_down ? static_cast<const down*>(answer.payload()) : nullptr;
}

// An answer that comes later finds no entry.
void give_up_request(core& here, process& self, ref request, std::uint64_t asked) {
  const pid own = here.home.table.pid_of(self.key());
  envelope_ptr done = make_signal({signal_kind::request_done, 0, own, request.number(), {}});
  self.refs->remove(request);
  post_urgent(here, asked, std::move(done));
}

bool wait_for_answer(process& self, std::uint64_t deadline_ns) {
  if (deadline_ns == no_deadline) refuse_to_wait(self, "mote::receive_reply");
  return !has_ended(self) && wait_for_news(self, deadline_ns, wait_reason::reply);
}

// wait(self): until there is news; false, when the time is up, and the request is given up.
template <class Wait>
envelope_ptr take_answer(const entry& door, ref request, Wait&& wait) {
  process& self = door.self();
  for (;;) {
    heed_signals(door.here(), self);
    ref_entry* known = self.refs != nullptr ? self.refs->find(request) : nullptr;
    if (known == nullptr || known->kind != ref_kind::request) {
      throw usage_error("mote::receive_reply: no such request of this process waits for an answer");
    }
    if (known->answer == nullptr) {
      self.waits_on = static_cast<std::uint32_t>(known->peer_key);
      if (wait(self)) continue;
      give_up_request(door.here(), self, request, known->peer_key);
      return nullptr;
    }
    if (const down* const news = as_down(*known->answer)) {
      const no_reply none(news->why);  // before the entry goes: it takes memory
      self.refs->remove(request);
      throw none;
    }
    envelope_ptr answer = std::move(known->answer);
    self.refs->remove(request);
    return answer;
  }
}

}  // namespace

envelope_ptr wait_reply(ref request, std::uint64_t deadline_ns) {
  const entry door("mote::receive_reply");
  return take_answer(door, request, [=](process& self) { return wait_for_answer(self, deadline_ns); });
}

envelope_ptr ask(pid to, envelope* question, std::chrono::nanoseconds timeout) {
  const entry door("mote::call", question, key_of(to));
  envelope_ptr mail(question);
  if (!to) throw usage_error("mote::call: a server that is nobody");
  if (key_of(to) == door.self().key() && to.place() == door.home().table.place()) {
    throw usage_error("mote::call: a server calls itself, and would wait for ever");
  }
  if (timeout.count() <= 0 || timeout == std::chrono::nanoseconds::max()) {
    const std::uint64_t deadline_ns = timeout.count() <= 0 ? 0 : no_deadline;
    const posted_request asked = post_request(door.here(), door.self(), to, std::move(mail), deadline_ns == 0 ? refuses : waits_for_room);
    return take_answer(door, asked.name, [=](process& self) { return wait_for_answer(self, deadline_ns); });
  }
  const lax_limit limit(door.self(), timeout);
  const posted_request asked = post_request(door.here(), door.self(), to, std::move(mail), {patience::kind::waits, &limit});
  if (asked.how == posted::timeout) return nullptr;
  return take_answer(door, asked.name, [&](process& self) { return !has_ended(self) && limit.wait(wait_reason::reply); });
}

void wrong_reply_type(const message_type& wanted, const message_type& got) {
  throw usage_error("mote::receive_reply: the answer is of type " + std::string(got.name) + ", not " +
                    std::string(wanted.name));
}

}  // namespace mote::detail
