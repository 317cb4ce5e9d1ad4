// Limits of mailboxes: the owner's side, and what may be asked for. Labels: bounds.hpp.
#include "runtime/process/entrance.hpp"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

namespace mote::detail {

namespace {

// Lets in whom there is room for. One that has none keeps those behind him waiting who want the same (B3).
void let_in(core& here, process& self, mailbox_bounds& bounds) noexcept {
  std::uint32_t without_room = 0;
  parked_send* before = nullptr;
  for (parked_send* each = bounds.first_parked; each != nullptr;) {
    parked_send* const following = each->next;
    const type_bound* const by_type = bounds.types != 0 ? bound_for(bounds, *each->mail) : nullptr;
    const std::uint32_t bit = by_type != nullptr ? 2u << (by_type - bounds.by_type) : 1u;
    const bool may = (without_room & bit) == 0;
    ticket wanted{};
    if (may && enter_locked(here.home, bounds, self, each->mail, entrance::first, wanted) == pushed::queued) {
      here.home.all_mail.book(wanted.units);
      unlink_parked(bounds, *each, before);
      wake_parked(here, *each, posted::in_late);
    } else {
      without_room |= bit;
      before = each;
    }
    each = following;
  }
}

bool sheds(const bound& limit) noexcept { return limit.policy == when_full::drop_oldest; }

}  // namespace

bool attend(core& here, process& self) noexcept {
  mailbox_bounds& bounds = here.home.table.bounds_of(self);
  const std::lock_guard hold(bounds.lock);
  bounds.looked_count = bounds.gone_count.load(relaxed);
  bounds.looked_units = bounds.gone_units.load(relaxed);
  if (bounds.first_parked != nullptr) let_in(here, self, bounds);
  return bounds.shelf.first != nullptr || bounds.heap.first != nullptr;
}

namespace {

// B2: half of the limit has gone since the last look, or, where the budget alone is the limit, half of what it leaves.
bool is_time_to_look(const mailbox_bounds& bounds) noexcept {
  const std::uint32_t count = bounds.gone_count.load(relaxed) - bounds.looked_count;
  const std::uint32_t units = bounds.gone_units.load(relaxed) - bounds.looked_units;
  const bound& own = bounds.own;
  if (own.parked.load(relaxed) != bounds.parked.load(relaxed)) return true;  // by type: each has its own half
  const std::uint32_t half = own.most_count != 0 ? own.most_count / 2 : few / 2;
  return count >= half || (own.most_units != 0 && units >= own.most_units / 2);
}

// Within the runtime, in whose midst or out of which the caller is.
template <class Step>
void inside(core& here, Step&& step) noexcept {
  if (here.inside()) return step(here);
  core* const now = enter(here);
  step(*now);
  current_core()->leave();
}

void note_gone(process& owner, mailbox_bounds& bounds, const envelope& mail, std::uint32_t units) noexcept {
  if (mail.counts == counting::in_type || owner.has(process_flags::sheds)) {
    const std::lock_guard hold(bounds.lock);
    count_off(bounds, mail, units);
  } else {
    bounds.gone_count.store(bounds.gone_count.load(relaxed) + 1, relaxed);
    bounds.gone_units.store(bounds.gone_units.load(relaxed) + units, relaxed);
  }
}

}  // namespace

void let_go(core& here, process& owner, envelope& mail) noexcept {
  mailbox_bounds& bounds = here.home.table.bounds_of(owner);
  const std::uint32_t units = units_of(here.home, bounds, mail);
  note_gone(owner, bounds, mail, units);
  mail.counts = counting::nowhere;
  const bool recovers = here.home.all_mail.unbook(units);
  const bool attends = here.running() == &owner && bounds.parked.load(relaxed) != 0 && is_time_to_look(bounds);
  if (!recovers && !attends) return;
  inside(here, [&](core& now) {
    if (recovers) wake_short(&now, now.home);
    if (attends) static_cast<void>(attend(now, owner));
  });
}

void let_go(pending_list& from, envelope& mail) noexcept {
  core& here = *current_core();
  let_go(here, here.home.table.block_around(&from), mail);
}

envelope* begin_sorting(core& here, process& self) noexcept {
  mailbox_bounds& bounds = here.home.table.bounds_of(self);
  const std::lock_guard hold(bounds.lock);
  bounds.sorting = true;
  bounds.heap.append_newest_first(self.mail.take_all().newest);
  bounds.heap.last = nullptr;
  return std::exchange(bounds.heap.first, nullptr);
}

namespace {

// B5
envelope* take_excess(process& self, mailbox_bounds& bounds) noexcept {
  const std::lock_guard hold(bounds.lock);
  bounds.sorting = false;
  if (!sheds(bounds.own) || bounds.own.most_count == 0) return nullptr;
  if (bounds.waiting(self.mail.high()).count <= bounds.own.most_count) return nullptr;
  return bounds.shelf.take([](const envelope& mail) { return mail.counts == counting::in_mailbox; });
}

}  // namespace

void end_sorting(core& here, process& self) noexcept {
  mailbox_bounds& bounds = here.home.table.bounds_of(self);
  while (envelope* const extra = take_excess(self, bounds)) {
    if (!drop_one(&here, here.home, self, bounds, extra)) return;
  }
}

void put_on_shelf(core& here, process& self, envelope* mail) noexcept {
  mailbox_bounds& bounds = here.home.table.bounds_of(self);
  const std::lock_guard hold(bounds.lock);
  bounds.shelf.append(mail);
}

void take_from_shelf(core& here, process& self) noexcept {
  mailbox_bounds& bounds = here.home.table.bounds_of(self);
  envelope* oldest = nullptr;
  {
    const std::lock_guard hold(bounds.lock);
    oldest = bounds.shelf.take_first();
  }
  if (oldest != nullptr) self.pending.append(oldest);
}

std::size_t drop_marked_on_shelf(core& here, process& self, std::uint64_t number) noexcept {
  mailbox_bounds& bounds = here.home.table.bounds_of(self);
  const auto wanted = [&](const envelope& mail) { return mail.mark == number && mail.kind == envelope_kind::message; };
  for (std::size_t dropped = 0;; ++dropped) {
    envelope* mail = nullptr;
    {
      const std::lock_guard hold(bounds.lock);
      mail = bounds.shelf.take(wanted);
    }
    if (mail == nullptr) return dropped;
    if (mail->counts != counting::nowhere) let_go(here, self, *mail);
    drop_envelope(mail);
  }
}

void close_bounds(core& here, process& self, envelope*& left) noexcept {
  self.set(process_flags::limited);
  mailbox_bounds& bounds = here.home.table.bounds_of(self);
  const std::lock_guard hold(bounds.lock);
  while (parked_send* const each = bounds.first_parked) {
    unlink_parked(bounds, *each, nullptr);
    wake_parked(here, *each, posted::gone);
  }
  while (envelope* const mail = bounds.shelf.take_first()) self.pending.append(mail);
  envelope** oldest = &left;
  while (*oldest != nullptr) oldest = &(*oldest)->next;
  while (envelope* const mail = bounds.heap.take_first()) {  // each in front of those that are newer, so the oldest is last
    mail->next = *oldest;
    *oldest = mail;
  }
  self.clear(process_flags::sheds);
}

bool discard_aside(runtime& home, process& gone) noexcept {
  if (!gone.has(process_flags::sheds)) return false;
  mailbox_bounds& bounds = home.table.bounds_of(gone);
  bool any = false;
  for (mail_queue* const each : {&bounds.shelf, &bounds.heap}) {
    while (envelope* const mail = each->take_first()) {
      drop_envelope(mail);
      any = true;
    }
  }
  return any;
}

mailbox_bounds::load waiting_for(const runtime& home, const process& who) noexcept {
  const std::uint64_t high = who.mail.high();
  if ((high & inbox_flags::bounded) == 0) {
    const auto count = static_cast<std::uint32_t>(inbox_load::count(high));
    const auto units = static_cast<std::uint32_t>(inbox_load::units(high));
    return {count + who.pending.count.get(), units + who.pending.units.get()};
  }
  mailbox_bounds& bounds = home.table.bounds_of(who);
  const std::lock_guard hold(bounds.lock);
  return bounds.waiting_in_all(high);
}

namespace {

constexpr std::size_t most_messages = std::size_t{1} << 26;
constexpr std::size_t least_bytes = 256;
constexpr std::size_t most_bytes = std::size_t{1} << 32;

void check_range(const std::string& what, const std::optional<std::size_t>& given, std::size_t least, std::size_t most) {
  if (!given || (*given >= least && *given <= most)) return;
  throw usage_error(what + ": " + std::to_string(*given) + " is not a number from " + std::to_string(least) + " to " +
                    std::to_string(most));
}

void check_limit(const std::string& whose, const mailbox_limit& limit) {
  check_range(whose + ".messages", limit.messages, 1, most_messages);
  check_range(whose + ".bytes", limit.bytes, least_bytes, most_bytes);
  if (!limit.policy) return;
  if (!limit.messages && !limit.bytes) throw usage_error(whose + ".policy: a policy without a limit of messages or bytes");
  if (*limit.policy > when_full::end_receiver) throw usage_error(whose + ".policy: not a policy");
}

void set_bound(bound& into, const mailbox_limit& limit) noexcept {
  into.most_count = static_cast<std::uint32_t>(limit.messages.value_or(0));
  into.most_units = static_cast<std::uint32_t>(limit.bytes.value_or(0) >> 4);
  into.policy = limit.policy.value_or(when_full::park_sender);
}

}  // namespace

void check_mailbox(const mailbox_options& wanted) {
  check_limit("spawn_options::mailbox", {wanted.messages, wanted.bytes, wanted.policy});
  if (wanted.types.size() > mailbox_bounds::most_types) {
    throw usage_error("spawn_options::mailbox.types: " + std::to_string(wanted.types.size()) + ", and there may be " +
                      std::to_string(mailbox_bounds::most_types));
  }
  for (auto each = wanted.types.begin(); each != wanted.types.end(); ++each) {
    const std::string whose = "spawn_options::mailbox.types, of " + std::string(each->type->name);
    check_limit(whose, each->limit);
    const auto same = [&](const type_limit& other) { return same_type(*other.type, *each->type); };
    if (std::any_of(wanted.types.begin(), each, same)) throw usage_error(whose + ": named twice");
  }
}

void set_bounds(runtime& home, process& unborn, const mailbox_options& wanted) {
  mailbox_bounds& bounds = home.table.bounds_of(unborn);
  set_bound(bounds.own, {wanted.messages, wanted.bytes, wanted.policy});
  bool any_sheds = sheds(bounds.own);
  bounds.weighs = bounds.own.most_units != 0 || home.all_mail.is_set();
  for (const type_limit& each : wanted.types) {
    type_bound& into = bounds.by_type[bounds.types++];
    set_bound(into, each.limit);
    into.type = each.type;
    any_sheds |= sheds(into);
    bounds.weighs |= into.most_units != 0;
  }
  unborn.mail.bind();
  unborn.set(process_flags::limited | (any_sheds ? process_flags::sheds : 0));
}

void forget_bounds(runtime& home, process& ended) noexcept {
  mailbox_bounds& bounds = home.table.bounds_of(ended);
  for (std::size_t i = 0; i < bounds.types; ++i) set_bound(bounds.by_type[i], {});
  set_bound(bounds.own, {});
  bounds.types = 0;
  bounds.weighs = bounds.told = bounds.sorting = false;
  bounds.gone_count.store(0, relaxed);
  bounds.gone_units.store(0, relaxed);
  bounds.looked_count = bounds.looked_units = 0;
}

}  // namespace mote::detail
