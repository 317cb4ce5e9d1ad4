// Receiving what has arrived: one pass over the inbox, oldest first, each envelope to where it belongs.
//
// D1  Once an exit signal has doomed the process, later messages are dropped: of three messages, an exit, and three more,
//     exactly the first three may be seen. The answer to a request is no such message: what asks is a destructor, since the
//     stack unwinds by now, and it would wait for ever.
// D2  Mail sent to an earlier process of this block, whose sender found it alive and pushed too late, is known by its
//     generation. It is answered as if it had found the mailbox closed (ties.cpp, L3) and dropped: nobody waits for ever.
// D3  What mail asks for may need memory. Without any it stays in the mailbox, with all that is behind it, as the oldest, and
//     the caller gets the exception; the next drain tries again. So every case below either does all or changes nothing.
#include "runtime/process/core.hpp"

#include <mote/receive.hpp>

#include <new>
#include <utility>

namespace mote::detail {

namespace {

envelope* oldest_first(envelope* newest) noexcept {
  envelope* oldest = nullptr;
  while (newest != nullptr) {
    envelope* following = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = following;
  }
  return oldest;
}

// It vanishes with its envelope.
void vanish(core& here, process& self, envelope& mail) noexcept {
  if (mail.counts != counting::nowhere) let_go(here, self, mail);
}

// A message that came by an alias, or as the answer to a request, or as the `down` of a monitor.
void accept_marked(core& here, process& self, envelope_ptr mail) {
  const ref name(mail->mark, mail->slot);
  ref_entry* known = self.refs != nullptr ? self.refs->find(name) : nullptr;
  if (known == nullptr) return vanish(here, self, *mail);  // withdrawn, answered or given up
  switch (known->kind) {
    case ref_kind::request:
      if (known->answer == nullptr) known->answer = std::move(mail);
      return;
    case ref_kind::monitor:
      self.monitors.subtract(1);
      [[fallthrough]];
    case ref_kind::alias_once:
      self.refs->remove(name);
      break;
    case ref_kind::alias:
    case ref_kind::free:
      break;
  }
  keep(here, self, mail.release());
}

bool answers_a_request(process& self, const envelope& mail) noexcept {
  if (mail.mark == 0 || mail.kind == envelope_kind::request || self.refs == nullptr) return false;
  const ref_entry* known = self.refs->find(ref(mail.mark, mail.slot));
  return known != nullptr && known->kind == ref_kind::request;
}

void sort_special(core& here, process& self, envelope_ptr& mail) {
  if (mail->generation != self.generation.load(relaxed)) {
    vanish(here, self, *mail);
    answer_for_the_dead(here, here.home.table.pid_of(process::key_of(mail->generation, self.index)), mail);  // D2
  } else if (mail->kind == envelope_kind::signal) {
    handle_signal(here, self, mail);
  } else if (self.has(process_flags::doomed) && !answers_a_request(self, *mail)) {  // D1
    vanish(here, self, *mail);
    if (mail->kind == envelope_kind::request) refuse_request(here, self, *mail, self.doom);
  } else if (mail->mark != 0 && mail->kind != envelope_kind::request) {
    accept_marked(here, self, std::move(mail));
  } else {
    keep(here, self, mail.release());
  }
}

// What has not been sorted goes back, from this one on (D3).
MOTE_COLD void put_back(process& self, envelope* oldest) noexcept {
  std::uint64_t load = 0;
  for (const envelope* mail = oldest; mail != nullptr; mail = mail->next) {
    if (mail->kind != envelope_kind::signal) load = inbox_load::plus(load, mail->bytes() >> 4);
  }
  self.mail.put_back(oldest_first(oldest), load);
}

// Takes the mail over, and the rest of its chain if it throws.
MOTE_COLD void sort_unusual(core& here, process& self, envelope* given, envelope* following) {
  envelope_ptr mail(given);
  try {
    sort_special(here, self, mail);
  } catch (...) {
    mail->next = following;
    put_back(self, mail.release());
    throw;
  }
}

// False: there is more to it than to keep it.
inline __attribute__((always_inline)) bool keep_usual(process& self, envelope* mail) noexcept {
  const bool plain = (mail->kind == envelope_kind::message && mail->mark == 0) || mail->kind == envelope_kind::request;
  if (!plain || mail->generation != self.generation.load(relaxed) ||
      self.has(process_flags::doomed | process_flags::sheds)) [[unlikely]] {
    return false;
  }
  MOTE_PROBE(receive, &self, self.index, mail->type);
  self.pending.append(mail);
  return true;
}

inline __attribute__((always_inline)) void sort_one(core& here, process& self, envelope* mail, envelope* following) {
  if (!keep_usual(self, mail)) [[unlikely]] sort_unusual(here, self, mail, following);
}

void sort_each(core& here, process& self, envelope* oldest) {
  self.works_on = static_cast<std::uint16_t>(here.index());
  for (envelope* mail = oldest; mail != nullptr;) {
    envelope* following = mail->next;
    sort_one(here, self, mail, following);
    mail = following;
  }
}

// bounds.hpp, B4
MOTE_COLD void sort_shedding(core& here, process& self) {
  struct ending {
    core& here;
    process& self;
    ~ending() { end_sorting(here, self); }
  } const after{here, self};
  sort_each(here, self, begin_sorting(here, self));
}

__attribute__((noinline)) void sort_inbox(core& here, process& self) {
  if (here.home.watched.long_mailbox.load(relaxed) != alarms::off) [[unlikely]] look_at_length(here, self);
  if (self.has(process_flags::sheds)) [[unlikely]] return sort_shedding(here, self);
  const auto drained = self.mail.take_all();
  sort_each(here, self, oldest_first(drained.newest));
  if ((drained.high & inbox_flags::bounded) != 0) [[unlikely]] attend(here, self);
}

}  // namespace

void keep(core& here, process& self, envelope* mail) noexcept {
  if (self.has(process_flags::sheds)) [[unlikely]] return put_on_shelf(here, self, mail);
  self.pending.append(mail);
}

void sort_mail(core& here, process& self) {
  tsan_acquire(&self);  // what senders did before comes before what the receiver does now
  if (envelope* first = std::exchange(self.handed, nullptr)) sort_one(here, self, first, nullptr);
  if (self.mail.has_news()) sort_inbox(here, self);
}

bool keep_handed(process& self) noexcept {
  tsan_acquire(&self);
  if (self.handed == nullptr || !keep_usual(self, self.handed)) [[unlikely]] return false;
  self.handed = nullptr;
  return true;
}

bool sort_if_possible(core& here, process& self) noexcept {
  try {
    sort_mail(here, self);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

namespace {

// What is left in the inbox must not be lost if what was handed over cannot be sorted.
void sort_handed_and(core& here, process& self, envelope* left) {
  if (envelope* const first = std::exchange(self.handed, nullptr)) {
    first->next = nullptr;
    envelope** oldest = &left;
    while (*oldest != nullptr) oldest = &(*oldest)->next;
    *oldest = first;
  }
  sort_each(here, self, oldest_first(left));
}

}  // namespace

void sort_last_mail(core& here, process& self, const reason& why) {
  const auto closed = self.mail.close();
  if (closed.high == 0 && self.handed == nullptr && self.pending.first == nullptr) [[likely]] return;
  envelope* left = closed.newest;
  if ((closed.high & inbox_flags::bounded) != 0) close_bounds(here, self, left);
  doom(self, why, false);
  sort_handed_and(here, self, left);
  while (envelope* const mail = self.pending.first) {
    if (mail->kind == envelope_kind::request) refuse_request(here, self, *mail, why);
    drop_envelope(self.pending.take(&self.pending.first));
  }
}

std::size_t drop_marked(process& self, std::uint64_t number) {
  std::size_t dropped = self.has(process_flags::sheds) ? drop_marked_on_shelf(*current_core(), self, number) : 0;
  for (envelope** link = &self.pending.first; *link != nullptr;) {
    if ((*link)->mark == number && (*link)->kind == envelope_kind::message) {
      drop_envelope(self.pending.take(link));
      ++dropped;
    } else {
      link = &(*link)->next;
    }
  }
  return dropped;
}

}  // namespace mote::detail
