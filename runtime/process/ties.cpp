// Links, monitors and exit signals. Each process keeps its own side; the other side hears by signals, which travel in order
// with messages. docs/design/signals.md.
//
// L1  A link is an entry on both sides. An exit signal is heeded only while the receiver's entry is in force, so none is
//     heeded after unlink returned, nor twice.
// L2  Who unlinks keeps the entry, not in force, until the peer acknowledges; link signals of the peer that come before were
//     sent before it knew, and are void. So both sides agree in the end whatever crosses.
// L4  A process that ends normally tells only those linked processes that trap exits: to the others it would mean nothing but
//     that the entry goes. Their entry stays, of a process that has ended, and counts as none; such entries go before the
//     table would grow. Whether the other traps exits is read when the process ends: a trap_exit(true) that did not come
//     before is as if the signal had been received before it.
// L5  A signal that is to be answered is sent back, or turned into the message it means, in its own envelope; and a caller
//     makes the envelopes it will need before it changes anything. So without memory nothing is half done.
// L3  Who cannot reach the other, because it has ended, answers for it: link with an exit signal noproc, monitor with a
//     `down` noproc, unlink with the acknowledgement. Who reached the block, but after a later process had taken it, is
//     answered the same by that one (drain.cpp, D2).
// M1  A monitor is an entry of the watcher's ref table, and a watch at the watched. `down` carries the entry's number, and
//     vanishes when it is gone; so each monitor brings one `down` at most, and none after demonitor(flush).
#include "runtime/process/core.hpp"

#include <mote/process.hpp>

#include <utility>

namespace mote::detail {

namespace {

constexpr std::uint32_t in_force = link_set::in_force;
constexpr std::uint32_t one_unlink = link_set::one_unlink;

void append_message(process& self, envelope* mail) noexcept {
  mail->generation = self.generation.load(relaxed);
  self.pending.append(mail);
}

bool is_trapped(const process& self, const reason& why, bool by_link) noexcept {
  return self.has(process_flags::traps_exits) && (why.kind() != reason_kind::kill || by_link);
}

// Makes another message of a signal, in its place: whoever has the signal needs no memory to pass its news on.
template <class News>
envelope_ptr turned_into(envelope_ptr mail, News&& news) noexcept {
  static_assert(sizeof(News) <= sizeof(signal) && std::is_nothrow_move_constructible_v<News>);
  static_cast<signal*>(mail->payload())->~signal();
  ::new (mail->payload()) News(std::move(news));
  mail->type = &message_type_of<News>;
  mail->kind = envelope_kind::message;
  return mail;
}

// A `down` in place of the signal that asked for one.
envelope_ptr turned_into_down(envelope_ptr mail, pid dead, const reason& why) noexcept {
  const signal& asked = *static_cast<const signal*>(mail->payload());
  const ref which(asked.number, asked.slot);
  mail->mark = which.number();
  mail->slot = which.slot() & 0xFFFFFF;
  return turned_into(std::move(mail), down{which, dead, why});
}

void hear_exit(process& self, envelope_ptr& mail, const signal& news, bool by_link) noexcept {
  if (!is_trapped(self, news.why, by_link)) return receive_exit(self, news.from, news.why, by_link);
  if (self.has(process_flags::doomed)) return;
  exited heard{news.from, news.why};
  append_message(self, turned_into(std::move(mail), std::move(heard)).release());
}

void linked_peer_ended(process& self, envelope_ptr& mail, const signal& news) {
  if (self.links.take(key_of(news.from))) hear_exit(self, mail, news, true);  // L1
}

void link_requested(process& self, pid from) {
  std::uint32_t& entry = self.links.insert(key_of(from));
  if (entry < one_unlink) entry |= in_force;  // L2
}

// Sends a signal back with another meaning.
void send_back(core& here, envelope_ptr mail, signal_kind kind, pid from, const reason& why) noexcept {
  signal& news = *static_cast<signal*>(mail->payload());
  const std::uint64_t to = key_of(news.from);
  news = {kind, 0, from, 0, why};
  post_urgent(here, to, std::move(mail));
}

void unlink_requested(core& here, process& self, pid from, envelope_ptr& mail) {
  if (std::uint32_t* entry = self.links.find(key_of(from))) {
    *entry &= ~in_force;
    if (*entry == 0) self.links.erase(key_of(from));
  }
  send_back(here, std::move(mail), signal_kind::unlink_ack, here.home.table.pid_of(self.key()), {});
}

void unlink_acknowledged(process& self, pid from) {
  std::uint32_t* entry = self.links.find(key_of(from));
  if (entry == nullptr || *entry < one_unlink) return;
  *entry -= one_unlink;
  if (*entry == 0) self.links.erase(key_of(from));
}

void watch_requested(process& self, const signal& news) {
  if (self.watchers == nullptr) self.watchers = std::make_unique<id_map<watch>>();
  self.watchers->insert(news.number) = {key_of(news.from), news.slot};
}

}  // namespace

// Whether a process of this key still takes signals.
bool takes_signals(const runtime& home, std::uint64_t key) noexcept {
  const process* const block = home.table.find(key);
  return block != nullptr && (block->mail.high() & inbox_flags::closed) == 0;
}

bool has_told_all(const runtime& home, std::uint64_t key) noexcept {
  const process* const block = home.table.find(key);
  return block == nullptr || block->doing.load(acquire) == activity::free || block->key() != key;
}

// L4. A process whose block is free or another's has told everyone of its end (finish.cpp, X2): once the mail that was there
// when this was seen is sorted, an entry that is left was of one that ended without a word.
void add_new_link(core& here, process& self, std::uint64_t peer_key) {
  const auto ended = [&](std::uint64_t key) { return has_told_all(here.home, key); };
  self.links.add_new(peer_key, ended, [&] { sort_mail(here, self); });
}

ref_table& refs_of(process& self) {
  if (self.refs == nullptr) self.refs = std::make_unique<ref_table>();
  return *self.refs;
}

ref add_monitor(core& here, process& self, std::uint64_t peer_key) {
  const ref which = refs_of(self).add(ref_kind::monitor, here.new_number(), peer_key);
  self.monitors.add(1);
  return which;
}

void handle_signal(core& here, process& self, envelope_ptr& mail) {
  const signal& news = *static_cast<const signal*>(mail->payload());
  switch (news.kind) {
    case signal_kind::link:
      return link_requested(self, news.from);
    case signal_kind::unlink:
      return unlink_requested(here, self, news.from, mail);
    case signal_kind::unlink_ack:
      return unlink_acknowledged(self, news.from);
    case signal_kind::linked_exit:
      return linked_peer_ended(self, mail, news);
    case signal_kind::exit:
      return hear_exit(self, mail, news, false);
    case signal_kind::monitor:
      return watch_requested(self, news);
    case signal_kind::demonitor:
      if (self.watchers != nullptr) self.watchers->erase(news.number);
      return;
    case signal_kind::request_done:
      return request_done(self, news.number);
  }
}

void receive_exit(process& self, pid from, const reason& why, bool by_link) {
  const bool own = key_of(from) == self.key();
  if (is_trapped(self, why, by_link)) {
    if (!self.has(process_flags::doomed)) append_message(self, make_envelope(exited{from, why}));
  } else if (why.kind() == reason_kind::kill && !by_link) {
    doom(self, reason::killed, true);
  } else if (why.kind() != reason_kind::normal || own) {
    doom(self, why, false);
  }
}

void link_to(core& here, process& self, std::uint64_t peer_key) {
  if (const std::uint32_t* const known = self.links.find(peer_key); known != nullptr && (*known & in_force) != 0) {
    if (!has_told_all(here.home, peer_key)) return;  // if it ends, its own reason is still to come
    sort_mail(here, self);
    if (self.links.find(peer_key) == nullptr) return;  // that had come
  }
  const pid own = here.home.table.pid_of(self.key());
  envelope_ptr request = make_signal({signal_kind::link, 0, own, 0, {}});
  self.links.insert(peer_key) |= in_force;
  if (post_urgent(here, peer_key, std::move(request))) return;
  self.links.erase(peer_key);  // L3
  receive_exit(self, here.home.table.pid_of(peer_key), reason::noproc, true);
}

void answer_for_the_dead(core& here, pid dead, envelope_ptr& mail) {  // L3
  if (mail->kind == envelope_kind::request) {
    const ref which(mail->mark, mail->slot);
    post_marked(here, asker_of(*mail), which, down{which, dead, reason::noproc});
  }
  if (mail->kind != envelope_kind::signal) return;
  const signal& news = *static_cast<const signal*>(mail->payload());
  const std::uint64_t asker = key_of(news.from);
  if (news.kind == signal_kind::link) {
    send_back(here, std::move(mail), signal_kind::linked_exit, dead, reason::noproc);
  } else if (news.kind == signal_kind::unlink) {
    send_back(here, std::move(mail), signal_kind::unlink_ack, dead, {});
  } else if (news.kind == signal_kind::monitor) {
    post_urgent(here, asker, turned_into_down(std::move(mail), dead, reason::noproc));
  }
}

namespace {

void heard_if(process& self, bool told) noexcept {
  if (told) self.set(process_flags::heard);
}

void tell_links(core& here, process& self, const reason& why) {
  const pid own = here.home.table.pid_of(self.key());
  const bool quiet = why.kind() == reason_kind::normal;
  self.links.tell_each([&](std::uint64_t peer_key) {
    const process* const peer = quiet ? here.home.table.find(peer_key) : nullptr;
    if (quiet && (peer == nullptr || !peer->has(process_flags::traps_exits))) return;  // L4
    heard_if(self, post_signal(here, peer_key, {signal_kind::linked_exit, 0, own, 0, why}));
  });
  self.links.clear();
}

void tell_watchers(core& here, process& self, const reason& why) {
  const pid own = here.home.table.pid_of(self.key());
  self.watchers->for_each([&](std::uint64_t number, watch& one) {
    const ref which(number, one.slot);
    if (one.watcher_key != 0) heard_if(self, post_marked(here, one.watcher_key, which, down{which, own, why}));
    one.watcher_key = 0;
  });
  self.watchers.reset();
}

// Tells those it watches, or has asked, that it does not any more.
void give_up_refs(core& here, process& self) {
  const pid own = here.home.table.pid_of(self.key());
  self.refs->for_each([&](ref which, ref_entry& entry) {
    if (entry.kind == ref_kind::monitor) {
      post_signal(here, entry.peer_key, {signal_kind::demonitor, 0, own, which.number(), {}});
    } else if (entry.kind == ref_kind::request) {
      post_signal(here, entry.peer_key, {signal_kind::request_done, 0, own, which.number(), {}});
    }
    entry.kind = ref_kind::free;
  });
  self.refs.reset();
}

}  // namespace

void cut_ties(core& here, process& self, const reason& why) {
  if (!self.links.empty()) tell_links(here, self, why);
  if (self.watchers != nullptr) tell_watchers(here, self, why);
  if (self.refs != nullptr) give_up_refs(here, self);
}

}  // namespace mote::detail

namespace mote {

using namespace detail;

namespace {

// A pid of this runtime's as a key; a pid that names nobody is a mistake of the caller's.
std::uint64_t local_key(pid who, const char* call) {
  if (!who) throw usage_error(std::string(call) + ": a pid that names nobody");
  return key_of(who);
}

bool is_local(const runtime& home, pid who) { return who.place() == home.table.place(); }

}  // namespace

void exit(pid to, reason why) {
  const entry door("mote::exit");
  core& here = door.here();
  process& self = door.self();
  const std::uint64_t key = local_key(to, "mote::exit");
  const pid own = here.home.table.pid_of(self.key());
  here.spend(cost::call);
  if (key == self.key() && is_local(here.home, to)) {
    receive_exit(self, own, why, false);
    end_if_doomed(here, self);
  } else if (is_local(here.home, to) && !self.has(process_flags::killed)) {
    post_signal(here, key, {signal_kind::exit, 0, own, 0, std::move(why)});
  }
  yield_if_used_up(door.here());
}

void kill(pid to) { exit(to, reason::kill); }

void link(pid to) {
  const entry door("mote::link");
  process& self = door.self();
  const std::uint64_t key = local_key(to, "mote::link");
  if (!is_local(door.home(), to)) return receive_exit(self, to, reason::noproc, true);
  if (key == self.key()) return;
  link_to(door.here(), self, key);
  yield_if_used_up(door.here());
}

bool unlink(pid from) {
  const entry door("mote::unlink");
  process& self = door.self();
  sort_mail(door.here(), self);
  const std::uint64_t key = local_key(from, "mote::unlink");
  std::uint32_t* entry = is_local(door.home(), from) ? self.links.find(key) : nullptr;
  if (entry == nullptr || (*entry & in_force) == 0) return false;
  if (!takes_signals(door.home(), key)) return !self.links.erase(key);  // L4
  const pid own = door.home().table.pid_of(self.key());
  envelope_ptr request = make_signal({signal_kind::unlink, 0, own, 0, {}});
  *entry = (*entry & ~in_force) + one_unlink;
  if (!post_urgent(door.here(), key, std::move(request))) unlink_acknowledged(self, from);  // L3
  return true;
}

ref monitor(pid who) {
  const entry door("mote::monitor");
  core& here = door.here();
  process& self = door.self();
  const std::uint64_t key = local_key(who, "mote::monitor");
  const pid own = here.home.table.pid_of(self.key());
  envelope_ptr request = make_signal({signal_kind::monitor, 0, own, 0, {}});
  const ref which = add_monitor(here, self, key);
  if (key == self.key() && is_local(here.home, who)) return which;
  signal& news = *static_cast<signal*>(request->payload());
  news.slot = which.slot();
  news.number = which.number();
  process* const watched = is_local(here.home, who) ? here.home.table.find(key) : nullptr;
  if (!post_or_keep(here, watched, who.generation(), request, urgency::urgent)) {
    self.refs->remove(which);  // L3
    self.monitors.subtract(1);
    append_message(self, turned_into_down(std::move(request), who, reason::noproc).release());
  }
  yield_if_used_up(door.here());
  return which;
}

bool demonitor(ref which, bool flush) {
  const entry door("mote::demonitor");
  process& self = door.self();
  sort_mail(door.here(), self);
  ref_entry* known = self.refs != nullptr ? self.refs->find(which) : nullptr;
  const bool in_force_still = known != nullptr && known->kind == ref_kind::monitor;
  if (in_force_still) {
    const pid own = door.home().table.pid_of(self.key());
    envelope_ptr request = make_signal({signal_kind::demonitor, 0, own, which.number(), {}});
    const std::uint64_t peer = known->peer_key;
    self.refs->remove(which);
    self.monitors.subtract(1);
    post_urgent(door.here(), peer, std::move(request));
  } else if (flush) {
    drop_marked(self, which.number());
  }
  return in_force_still;
}

bool trap_exit(bool on) {
  const entry door("mote::trap_exit");
  process& self = door.self();
  sort_mail(door.here(), self);
  const bool before = self.has(process_flags::traps_exits);
  if (on) {
    self.set(process_flags::traps_exits);
  } else {
    self.clear(process_flags::traps_exits);
  }
  return before;
}

alias make_alias(bool once) {
  const entry door("mote::make_alias");
  process& self = door.self();
  const ref name = refs_of(self).add(once ? ref_kind::alias_once : ref_kind::alias, door.here().new_number(), 0);
  return alias(door.home().table.pid_of(self.key()), name);
}

bool unalias(alias which) {
  const entry door("mote::unalias");
  process& self = door.self();
  sort_mail(door.here(), self);  // what has come by it stays
  const bool own = key_of(which.owner()) == self.key() && is_local(door.home(), which.owner());
  ref_entry* known = own && self.refs != nullptr ? self.refs->find(which.name()) : nullptr;
  if (known == nullptr || (known->kind != ref_kind::alias && known->kind != ref_kind::alias_once)) return false;
  self.refs->remove(which.name());
  return true;
}

}  // namespace mote
