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

#include <utility>

namespace mote::detail {

namespace {

constexpr std::uint32_t in_force = link_set::in_force;
constexpr std::uint32_t one_unlink = link_set::one_unlink;

// L5. The peers are keys, of processes anywhere (abroad.hpp); signals name them by the pids that users know.
void append_message(process& self, envelope* mail) noexcept {
  mail->generation = self.generation.load(relaxed);
  keep(*current_core(), self, mail);
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

void link_requested(process& self, std::uint64_t from) {
  std::uint32_t& entry = self.links.insert(from);
  if (entry < one_unlink) entry |= in_force;  // L2
}

// Sends a signal back with another meaning.
void send_back(core& here, envelope_ptr mail, signal_kind kind, pid from, const reason& why) noexcept {
  signal& news = *static_cast<signal*>(mail->payload());
  const std::uint64_t to = key_for(here.home, news.from);
  news = {kind, 0, from, 0, why};
  post_urgent(here, to, std::move(mail));
}

void unlink_requested(process& self, std::uint64_t from) {
  if (std::uint32_t* entry = self.links.find(from)) {
    *entry &= ~in_force;
    if (*entry == 0) self.links.erase(from);
  }
}

void unlink_acknowledged(process& self, std::uint64_t from) {
  std::uint32_t* entry = self.links.find(from);
  if (entry == nullptr || *entry < one_unlink) return;
  *entry -= one_unlink;
  if (*entry == 0) self.links.erase(from);
}

void watch_requested(process& self, std::uint64_t from, const signal& news) {
  if (self.watchers == nullptr) self.watchers = std::make_unique<id_map<watch>>();
  self.watchers->insert(news.number) = {from, news.slot};
}

// S1. What comes to a stand-in and concerns the one it stands for, goes to its mailbox as a message, and from there abroad.
// It has ties of its own beside, for which it answers when that one cannot any more.
void pass_on(process& self, envelope_ptr& mail) noexcept {
  mail->kind = envelope_kind::message;
  mail->mark = 0;
  append_message(self, mail.release());
}

// False: it is handled as by any process.
MOTE_COLD bool handle_as_stand_in(core& here, process& self, envelope_ptr& mail) {
  const signal& news = *static_cast<const signal*>(mail->payload());
  const std::uint64_t from = key_for(here.home, news.from);
  switch (news.kind) {
    case signal_kind::link:
      link_requested(self, from);
      break;
    case signal_kind::unlink:
      post_signal(here, from, {signal_kind::unlink_ack, 0, name_of(here.home, self), 0, {}});
      unlink_requested(self, from);
      break;
    case signal_kind::linked_exit:
      if (!self.links.take(from)) return true;  // L1
      break;
    case signal_kind::exit:
      if (news.why.kind() == reason_kind::kill) {
        receive_exit(self, news.from, news.why, false);
        return true;
      }
      break;
    case signal_kind::request_done:
      request_done(self, news.number);
      break;
    case signal_kind::unlink_ack:
    case signal_kind::monitor:
    case signal_kind::demonitor:
      return false;
  }
  pass_on(self, mail);
  return true;
}

}  // namespace

// Whether a process of this key still takes signals.
bool takes_signals(const runtime& home, std::uint64_t key) noexcept {
  if (is_foreign(key)) return !home.elsewhere->has_ended(key);
  const process* const block = home.table.find(key);
  return block != nullptr && !block->mail.is_closed();
}

bool has_told_all(const runtime& home, std::uint64_t key) noexcept {
  if (is_foreign(key)) return home.elsewhere->has_ended(key);
  const process* const block = home.table.find(key);
  if (block == nullptr || block->doing.load(acquire) == activity::free) return true;  // finish.cpp, O1
  return block->generation.load(relaxed) != static_cast<std::uint32_t>(key >> 32);
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
  if (self.has(process_flags::stands_in) && handle_as_stand_in(here, self, mail)) [[unlikely]] return;
  const signal& news = *static_cast<const signal*>(mail->payload());
  const std::uint64_t from = key_for(here.home, news.from);
  switch (news.kind) {
    case signal_kind::link:
      return link_requested(self, from);
    case signal_kind::unlink:
      unlink_requested(self, from);
      return send_back(here, std::move(mail), signal_kind::unlink_ack, here.home.table.pid_of(self.key()), {});
    case signal_kind::unlink_ack:
      return unlink_acknowledged(self, from);
    case signal_kind::linked_exit:
      if (self.links.take(from)) hear_exit(self, mail, news, true);  // L1
      return;
    case signal_kind::exit:
      if (news.slot == forced_exit) return doom(self, news.why, true);
      return hear_exit(self, mail, news, false);
    case signal_kind::monitor:
      return watch_requested(self, from, news);
    case signal_kind::demonitor:
      if (self.watchers != nullptr) self.watchers->erase(news.number);
      return;
    case signal_kind::request_done:
      return request_done(self, news.number);
  }
}

void receive_exit(process& self, pid from, const reason& why, bool by_link) {
  const bool own = from == current_core()->home.table.pid_of(self.key());
  if (is_trapped(self, why, by_link)) {
    if (!self.has(process_flags::doomed)) append_message(self, make_envelope(exited{from, why}));
  } else if (why.kind() == reason_kind::kill && !by_link) {
    doom(self, reason::killed, true);
  } else if (why.kind() != reason_kind::normal || own) {
    doom(self, why, false);
  }
}

namespace {

// The peer has ended, and what it sent before lies in the mailbox (inbox.hpp, O3): a link among it must not put in force again
// what is given up here, nor its exit be heard (L2). So the entry is void until that is sorted.
MOTE_COLD void forget_link(core& here, process& self, std::uint64_t peer_key) {
  std::uint32_t& entry = *self.links.find(peer_key);
  entry = (entry & ~in_force) + one_unlink;
  sort_mail(here, self);
  self.links.erase(peer_key);
}

}  // namespace

bool link_to(core& here, process& self, std::uint64_t peer_key) {
  if (const std::uint32_t* const known = self.links.find(peer_key); known != nullptr && (*known & in_force) != 0) {
    if (!has_told_all(here.home, peer_key)) return true;  // if it ends, its own reason is still to come
    sort_mail(here, self);
    if (self.links.find(peer_key) == nullptr) return true;  // that had come
  }
  envelope_ptr request = make_signal({signal_kind::link, 0, name_of(here.home, self), peer_key, {}});
  self.links.insert(peer_key) |= in_force;
  if (post_urgent(here, peer_key, std::move(request))) return true;
  forget_link(here, self, peer_key);
  return false;
}

bool unlink_from(core& here, process& self, std::uint64_t peer_key) {
  std::uint32_t* const entry = self.links.find(peer_key);
  if (entry == nullptr || (*entry & in_force) == 0) return false;
  if (!takes_signals(here.home, peer_key)) {  // L4
    forget_link(here, self, peer_key);
    return false;
  }
  envelope_ptr request = make_signal({signal_kind::unlink, 0, name_of(here.home, self), peer_key, {}});
  *entry = (*entry & ~in_force) + one_unlink;
  if (!post_urgent(here, peer_key, std::move(request))) forget_link(here, self, peer_key);  // L3
  return true;
}

ref watch_from(core& here, process& self, pid who, std::uint64_t key) {
  const pid own = here.home.table.pid_of(self.key());
  envelope_ptr request = make_signal({signal_kind::monitor, 0, own, 0, {}});
  const ref which = add_monitor(here, self, key);
  if (key == self.key()) return which;
  signal& news = *static_cast<signal*>(request->payload());
  news.slot = which.slot();
  news.number = which.number();
  if (is_foreign(key)) {
    envelope_ptr copy = make_signal(signal(news));
    if (post_urgent(here, key, std::move(copy))) return which;
  }
  process* const watched = key != 0 ? here.home.table.find(key) : nullptr;
  if (!post_or_keep(here, watched, who.generation(), request, urgency::urgent)) {
    self.refs->remove(which);  // L3
    self.monitors.subtract(1);
    append_message(self, turned_into_down(std::move(request), who, reason::noproc).release());
  }
  return which;
}

void answer_for_the_dead(core& here, pid dead, envelope_ptr& mail) {  // L3
  if (mail->kind == envelope_kind::request) {
    const ref which(mail->mark, mail->slot);
    post_marked(here, asker_of(*mail), which, down{which, dead, reason::noproc});
  }
  if (mail->kind != envelope_kind::signal) return;
  const signal& news = *static_cast<const signal*>(mail->payload());
  const std::uint64_t asker = key_for(here.home, news.from);
  const bool named = news.kind == signal_kind::link || news.kind == signal_kind::unlink;
  if (named && is_foreign(news.number)) dead = pid_for(here.home, news.number);  // it reached the stand-in's block
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

MOTE_COLD void tell_link(core& here, process& self, std::uint64_t peer_key, const reason& why) {
  heard_if(self, post_signal(here, peer_key, {signal_kind::linked_exit, 0, name_of(here.home, self), 0, why}));
}

bool hears_of_normal_ends(const runtime& home, std::uint64_t peer_key) noexcept {
  const process* const peer = home.table.find(peer_key);
  return peer != nullptr ? peer->has(process_flags::traps_exits) : is_foreign(peer_key);
}

void tell_links(core& here, process& self, const reason& why) {
  const bool quiet = why.kind() == reason_kind::normal;
  self.links.tell_each([&](std::uint64_t peer_key) {
    if (quiet && !hears_of_normal_ends(here.home, peer_key)) return;  // L4
    tell_link(here, self, peer_key, why);
  });
  self.links.clear();
}

void tell_watchers(core& here, process& self, const reason& why) {
  const pid own = name_of(here.home, self);
  self.watchers->for_each([&](std::uint64_t number, watch& one) {
    const ref which(number, one.slot);
    if (one.watcher_key != 0) heard_if(self, post_marked(here, one.watcher_key, which, down{which, own, why}));
    one.watcher_key = 0;
  });
  self.watchers.reset();
}

// Tells those it watches, or has asked, that it does not any more.
void give_up_refs(core& here, process& self) {
  const pid own = name_of(here.home, self);
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
