// What becomes of mail that finds a mailbox full: its sender's side. Labels: bounds.hpp.
#include "runtime/os/parker.hpp"
#include "runtime/process/entrance.hpp"

#include <new>
#include <utility>

namespace mote::detail {

namespace {

// What is to be done after mail has been pushed, or not.
posted settle(core* here, runtime& home, process& to, envelope* mail, const ticket& sent, pushed result) noexcept {
  if (result == pushed::closed) return posted::gone;
  home.all_mail.book(sent.units);
  if (result == pushed::woke) to.handed = mail;
  if (result != pushed::queued) {
    make_ready(here, home, to);
  } else if (here != nullptr) {
    charge(*here, to, home.table.bounds_of(to).waiting(to.mail.high()).count);
  }
  return posted::in;
}

void take_back(mailbox_bounds& bounds, parked_send& mine) noexcept {
  parked_send* before = nullptr;
  for (parked_send* each = bounds.first_parked; each != &mine; each = each->next) before = each;
  unlink_parked(bounds, mine, before);
}

// True: it is parked. False: there is room now, or nobody to wait for, as `result` and `wanted` tell.
bool park_unless_room(runtime& home, process& to, parked_send& mine, ticket& wanted, pushed& result) noexcept {
  tsan_release(&to);  // the owner, who pushes it
  mailbox_bounds& bounds = home.table.bounds_of(to);
  const std::lock_guard hold(bounds.lock);
  result = is_over(to, *mine.mail) ? pushed::closed : enter_locked(home, bounds, to, mine.mail, entrance::usual, wanted);
  if (result != pushed::full) return false;
  link_parked(bounds, mine, *wanted.limit);
  return true;
}

// True: it waits no more, as its outcome tells.
bool stop_waiting(mailbox_bounds& bounds, parked_send& mine, bool gives_up) noexcept {
  const std::lock_guard hold(bounds.lock);
  if (mine.waits && gives_up) take_back(bounds, mine);
  return !mine.waits || gives_up;
}

// False: the time is up, or, without memory for a timer, as good as up.
bool sleep_for_room(process& self, const lax_limit* limit) noexcept {
  try {
    return wait_for_room(self, limit);
  } catch (const std::bad_alloc&) {
    return false;
  }
}

posted wait_in_process(process& self, const process& to, mailbox_bounds& bounds, parked_send& mine, const lax_limit* limit) noexcept {
  for (;;) {
    self.waits_on = to.index;
    const bool in_time = sleep_for_room(self, limit);
    if (!sort_if_possible(*current_core(), self)) current_core()->yield();
    if (stop_waiting(bounds, mine, !in_time || self.has(process_flags::doomed))) break;
  }
  if (!mine.waits) return mine.outcome;
  return self.has(process_flags::doomed) ? posted::full : posted::timeout;
}

// As settle.
posted stand_in_line(core* here, runtime& home, process& to, envelope* mail, ticket wanted, const patience& how) noexcept {
  mailbox_bounds& bounds = home.table.bounds_of(to);
  parker thread;
  parked_send mine{mail, here != nullptr ? here->current() : nullptr, &thread, nullptr, posted::full, true};
  pushed result = pushed::full;
  if (!park_unless_room(home, to, mine, wanted, result)) return settle(here, home, to, mail, wanted, result);
  if (here != nullptr) return wait_in_process(*here->current(), to, bounds, mine, how.limit);
  do {
    thread.park();
  } while (!stop_waiting(bounds, mine, false));
  return mine.outcome;
}

// Who is no process that may wait: a destructor's send in nobody's name, a process that has run to its end.
bool can_wait(const core& here, const process& to) noexcept {
  const process& self = *here.current();
  return &self != &to && !has_ended(self) && self.doing.load(relaxed) != activity::exiting;
}

posted park_sender(core* here, runtime& home, process& to, envelope* mail, const ticket& wanted, const patience& how) noexcept {
  if (how.what == patience::kind::refuses) return posted::full;
  if (how.what == patience::kind::waits && (here == nullptr || can_wait(*here, to))) {
    if (here != nullptr && here->current()->has(process_flags::doomed)) return posted::full;
    return stand_in_line(here, home, to, mail, wanted, how);
  }
  mailbox_bounds& bounds = home.table.bounds_of(to);
  return settle(here, home, to, mail, wanted, enter(bounds, to, mail, wanted, entrance::forced));
}

std::string size_of(const bound& limit) {
  const std::string messages = std::to_string(limit.most_count) + " messages";
  const std::string bytes = std::to_string(std::uint64_t{limit.most_units} << 4) + " bytes";
  if (limit.most_count == 0) return bytes;
  return limit.most_units == 0 ? messages : messages + " or " + bytes;
}

reason full_reason(const bound& limit, const char* what) noexcept {
  try {
    return reason(reason_kind::mailbox_full, what + size_of(limit));
  } catch (const std::bad_alloc&) {
    return reason(reason_kind::mailbox_full);
  }
}

// Once. Without memory for it, with the next message.
void tell_to_end(core* here, runtime& home, process& to, mailbox_bounds& bounds, const envelope& mail, const bound& limit) noexcept {
  {
    const std::lock_guard hold(bounds.lock);
    if (is_over(to, mail) || std::exchange(bounds.told, true)) return;
  }
  try {
    const pid own = home.table.pid_of(process::key_of(mail.generation, to.index));
    envelope_ptr news = make_signal({signal_kind::exit, forced_exit, own, 0, full_reason(limit, "its mailbox reached its limit of ")});
    news->generation = mail.generation;
    std::uint64_t load = 0;
    const pushed result = to.mail.push(news.get(), 0, true, load);
    if (result == pushed::closed) return;
    envelope* const told = news.release();
    if (result == pushed::woke) to.handed = told;
    if (result != pushed::queued) make_ready(here, home, to);
  } catch (const std::bad_alloc&) {
    const std::lock_guard hold(bounds.lock);
    bounds.told = false;
  }
}

/// What a look for the oldest found.
struct found_oldest {
  envelope* mail;
  bool sorting;
};

// Takes the oldest that counts in the same limit as what is wanted in (B4). A plain thread leaves requests, whose askers it
// could not tell.
found_oldest take_oldest(mailbox_bounds& bounds, process& to, const envelope& wanted_in, const ticket& wanted, bool asks) noexcept {
  const auto same = [&](const envelope& mail) {
    if (mail.kind == envelope_kind::request && !asks) return false;
    if (wanted.by_type == nullptr) return mail.counts == counting::in_mailbox;
    return mail.counts == counting::in_type && same_type(*mail.type, *wanted_in.type);
  };
  const std::lock_guard hold(bounds.lock);
  if (is_over(to, wanted_in)) return {nullptr, false};
  envelope* oldest = bounds.shelf.take(same);
  if (oldest == nullptr) oldest = bounds.heap.take(same);
  if (oldest == nullptr && !bounds.sorting) {
    bounds.heap.append_newest_first(to.mail.take_mail());
    oldest = bounds.heap.take(same);
  }
  return {oldest, bounds.sorting};
}

posted drop_oldest(core* here, runtime& home, process& to, envelope* mail, const ticket& wanted) noexcept {
  mailbox_bounds& bounds = home.table.bounds_of(to);
  pushed result = pushed::full;
  while (result == pushed::full) {
    const auto [oldest, sorting] = take_oldest(bounds, to, *mail, wanted, here != nullptr);
    if (oldest == nullptr || !drop_one(here, home, to, bounds, oldest)) {
      if (sorting) result = enter(bounds, to, mail, wanted, entrance::tenth);  // B5
      break;
    }
    result = enter(bounds, to, mail, wanted, entrance::usual);
  }
  if (result != pushed::full) return settle(here, home, to, mail, wanted, result);
  if (to.mail.nudge() == pushed::woke_linked) make_ready(here, home, to);  // it may not know of the heap
  return posted::full;
}

}  // namespace

// Of a process to another, where nobody is to wait for room. What may not be late comes after all that its sender has sent there.
bool is_postponed(core* here, const runtime& home, const process& to, envelope* mail, urgency how) noexcept {
  if (here == nullptr || here->current() == &here->nobody || here->current() == &to) return false;
  const std::uint64_t from = here->current()->key();
  const bool may_be_late = how == urgency::ordinary || mail->kind == envelope_kind::reply;
  if (may_be_late && !to.has(process_flags::limited)) return home.order->postpones(from, to.key(), mail);
  home.order->hurry(from, to.key());
  return false;
}

posted offer_bounded(core* here, runtime& home, process& to, envelope* mail, const patience& how) noexcept {
  if (home.mail_is_slow && is_postponed(here, home, to, mail, urgency::ordinary)) return posted::in;
  mailbox_bounds& bounds = home.table.bounds_of(to);
  const ticket wanted = ticket_for(home, bounds, *mail);
  const pushed result = enter(bounds, to, mail, wanted, entrance::usual);
  if (result != pushed::full) return settle(here, home, to, mail, wanted, result);
  switch (wanted.limit->policy) {
    case when_full::park_sender:
      return park_sender(here, home, to, mail, wanted, how);
    case when_full::drop_newest:
      break;
    case when_full::drop_oldest:
      return drop_oldest(here, home, to, mail, wanted);
    case when_full::end_receiver:
      tell_to_end(here, home, to, bounds, *mail, *wanted.limit);
      break;
  }
  return posted::full;
}

}  // namespace mote::detail
