#include "runtime/process/entrance.hpp"

#include "runtime/os/parker.hpp"

#include <algorithm>
#include <new>
#include <utility>

namespace mote::detail {

type_bound* bound_for(mailbox_bounds& bounds, const envelope& mail) noexcept {
  for (std::size_t i = 0; i < bounds.types; ++i) {
    if (same_type(*bounds.by_type[i].type, *mail.type)) return &bounds.by_type[i];
  }
  return nullptr;
}

namespace {

// What a message's containers hold, as far as its type tells.
std::size_t held_bytes(envelope& mail) noexcept {
  if (mail.type->destroy == nullptr || mail.type->codec == nullptr) return 0;
  try {
    encoder count{encoder::counting{}};
    mail.type->codec->encode(mail.payload(), count);
    return count.size();
  } catch (...) {
    return 0;
  }
}

}  // namespace

std::uint32_t units_of(const runtime& home, const mailbox_bounds& bounds, envelope& mail) noexcept {
  constexpr std::size_t most = std::size_t{1} << 32;
  const std::size_t bytes = mail.bytes() + (bounds.weighs || home.all_mail.is_set() ? held_bytes(mail) : 0);
  return static_cast<std::uint32_t>(std::min(bytes, most) >> 4);
}

ticket ticket_for(const runtime& home, mailbox_bounds& bounds, envelope& mail) noexcept {
  type_bound* const by_type = bounds.types != 0 ? bound_for(bounds, mail) : nullptr;
  bound* const limit = by_type != nullptr ? by_type : &bounds.own;
  std::uint32_t most = limit->most_count;
  if (home.all_mail.is_used_up()) most = most == 0 ? few : std::min(most, few);
  return {limit, by_type, units_of(home, bounds, mail), most, most != limit->most_count};
}

namespace {

bool fits(const ticket& wanted, mailbox_bounds::load there, entrance how) noexcept {
  if (how == entrance::forced) return true;
  if (how == entrance::usual && wanted.by_type == nullptr && wanted.limit->parked.load(relaxed) != 0) return false;  // B3
  const std::uint32_t more = how == entrance::tenth ? wanted.most_count / 10 + 1 : 0;
  if (wanted.most_count != 0 && there.count >= wanted.most_count + more) return false;
  return wanted.limit->most_units == 0 || there.count == 0 || there.units + wanted.units <= wanted.limit->most_units;
}

}  // namespace

void wake_short(core* here, runtime& home) noexcept {
  const auto bounds_at = [&](std::uint32_t index) -> mailbox_bounds& { return home.table.bounds_of(home.table.at(index)); };
  home.all_mail.let_in(bounds_at, [&](std::uint32_t index) {
    process& owner = home.table.at(index);
    if (owner.mail.nudge() == pushed::woke_linked) make_ready(here, home, owner);
  });
}

bool is_over(const process& to, const envelope& mail) noexcept {
  return to.generation.load(acquire) != mail.generation || has_ended(to);  // table.hpp, T1
}

namespace {

pushed enter_by_type(process& to, envelope* mail, const ticket& wanted, entrance how) noexcept {
  type_bound& limit = *wanted.by_type;
  if (is_over(to, *mail)) return pushed::closed;
  if (!fits(wanted, {limit.count, limit.units}, how)) return pushed::full;
  mail->counts = counting::in_type;
  const auto always = [](std::uint64_t) { return true; };
  const pushed result = to.mail.push_if(always, mail, 0, false, !to.has(process_flags::sheds));
  if (result == pushed::closed) {
    mail->counts = counting::nowhere;
    return result;
  }
  ++limit.count;
  limit.units += wanted.units;
  return result;
}

pushed enter_own(const mailbox_bounds& bounds, process& to, envelope* mail, const ticket& wanted, entrance how) noexcept {
  const auto has_room = [&](std::uint64_t high) { return fits(wanted, bounds.waiting(high), how); };
  mail->counts = counting::in_mailbox;
  const pushed result = to.mail.push_if(has_room, mail, wanted.units, true, !to.has(process_flags::sheds));
  if (result >= pushed::closed) mail->counts = counting::nowhere;
  return result;
}

}  // namespace

pushed enter_locked(runtime& home, mailbox_bounds& bounds, process& to, envelope* mail, entrance how, ticket& wanted) noexcept {
  for (;;) {
    wanted = ticket_for(home, bounds, *mail);
    const pushed result = wanted.by_type != nullptr ? enter_by_type(to, mail, wanted, how) : enter_own(bounds, to, mail, wanted, how);
    if (result != pushed::full || !wanted.by_budget || home.all_mail.keep_out(bounds, to.index)) return result;  // B7
  }
}

pushed enter(mailbox_bounds& bounds, process& to, envelope* mail, const ticket& wanted, entrance how) noexcept {
  if (wanted.by_type == nullptr) return enter_own(bounds, to, mail, wanted, how);
  const std::lock_guard hold(bounds.lock);
  return enter_by_type(to, mail, wanted, how);
}

void make_ready(core* here, runtime& home, process& woken) noexcept {
  tsan_release(&woken);
  if (here != nullptr) return here->make_ready(woken);
  home.schedulers.submit(woken);
}

void link_parked(mailbox_bounds& bounds, parked_send& one, bound& limit) noexcept {
  (bounds.first_parked == nullptr ? bounds.first_parked : bounds.last_parked->next) = &one;
  bounds.last_parked = &one;
  bounds.parked.store(bounds.parked.load(relaxed) + 1, relaxed);
  limit.parked.store(limit.parked.load(relaxed) + 1, relaxed);
}

void unlink_parked(mailbox_bounds& bounds, parked_send& one, parked_send* before) noexcept {
  bound* const by_type = bounds.types != 0 ? bound_for(bounds, *one.mail) : nullptr;
  bound& limit = by_type != nullptr ? *by_type : bounds.own;
  (before == nullptr ? bounds.first_parked : before->next) = one.next;
  if (bounds.last_parked == &one) bounds.last_parked = before;
  bounds.parked.store(bounds.parked.load(relaxed) - 1, relaxed);
  limit.parked.store(limit.parked.load(relaxed) - 1, relaxed);
}

void wake_parked(core& here, parked_send& one, posted outcome) noexcept {
  one.outcome = outcome;
  one.waits = false;
  if (one.sender == nullptr) return static_cast<void>(one.thread->unpark());
  if (one.sender->mail.nudge() == pushed::woke_linked) make_ready(&here, here.home, *one.sender);
}

void count_off(mailbox_bounds& bounds, const envelope& mail, std::uint32_t units) noexcept {
  if (mail.counts == counting::in_type) {
    type_bound& limit = *bound_for(bounds, mail);
    --limit.count;
    limit.units -= units;
  } else {
    bounds.gone_count.fetch_add(1, relaxed);
    bounds.gone_units.fetch_add(units, relaxed);
  }
}

namespace {

// A request's asker is told. False: there is no memory for that.
bool refuse_if_asked(core* here, process& to, const envelope& mail) noexcept {
  if (mail.kind != envelope_kind::request) return true;
  try {
    refuse_request(*here, to, mail, reason(reason_kind::mailbox_full, "dropped by a full mailbox, as its oldest message"));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

bool drop_one(core* here, runtime& home, process& to, mailbox_bounds& bounds, envelope* oldest) noexcept {
  if (!refuse_if_asked(here, to, *oldest)) {
    const std::lock_guard hold(bounds.lock);
    bounds.shelf.prepend(oldest);
    return false;
  }
  const std::uint32_t units = units_of(home, bounds, *oldest);
  {
    const std::lock_guard hold(bounds.lock);
    if (!is_over(to, *oldest)) count_off(bounds, *oldest, units);
  }
  if (home.all_mail.unbook(units)) wake_short(here, home);
  drop_envelope(oldest);
  return true;
}

}  // namespace mote::detail
