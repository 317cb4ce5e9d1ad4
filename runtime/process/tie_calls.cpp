// What a process calls to end another, to tie itself to one, and to be reached by other names. Labels: ties.cpp.
#include "runtime/process/core.hpp"

#include <mote/process.hpp>

#include <utility>

namespace mote {

using namespace detail;

namespace {

// A pid as a key; a pid that names nobody is a mistake of the caller's. 0: of a place that nobody knows the way to.
std::uint64_t known_key(const detail::runtime& home, pid who, const char* call) {
  if (!who) throw usage_error(std::string(call) + ": a pid that names nobody");
  return key_for(home, who, call);
}

}  // namespace

void exit(pid to, reason why) {
  const entry door("mote::exit", nullptr, key_of(to));
  core& here = door.here();
  process& self = door.self();
  const std::uint64_t key = known_key(here.home, to, "mote::exit");
  const pid own = here.home.table.pid_of(self.key());
  here.spend(cost::call);
  if (key == self.key()) {
    receive_exit(self, own, why, false);
    end_if_doomed(here, self);
  } else if (!self.has(process_flags::killed)) {
    post_signal(here, key, {signal_kind::exit, 0, own, 0, std::move(why)});
  }
  yield_if_used_up(door.here());
}

void kill(pid to) { exit(to, reason::kill); }

void link(pid to) {
  const entry door("mote::link", nullptr, key_of(to));
  process& self = door.self();
  const std::uint64_t key = known_key(door.home(), to, "mote::link");
  if (key == 0) return receive_exit(self, to, reason::noproc, true);
  if (key == self.key()) return;
  if (is_foreign(key) && self.index != 0 && family_of(door.home().table.place()) != door.home().table.place()) {
    throw usage_error("mote::link: only the isolated process itself can be linked to one outside of its OS process");
  }
  if (!link_to(door.here(), self, key)) receive_exit(self, to, reason::noproc, true);  // L3
  yield_if_used_up(door.here());
}

bool unlink(pid from) {
  const entry door("mote::unlink", nullptr, key_of(from));
  process& self = door.self();
  sort_mail(door.here(), self);
  const std::uint64_t key = known_key(door.home(), from, "mote::unlink");
  return key != 0 && unlink_from(door.here(), self, key);
}

ref monitor(pid who) {
  const entry door("mote::monitor", nullptr, key_of(who));
  const ref which = watch_from(door.here(), door.self(), who, known_key(door.home(), who, "mote::monitor"));
  yield_if_used_up(door.here());
  return which;
}

ref monitor(std::string_view name) {
  pid who;
  {
    const entry door("mote::monitor");
    who = door.home().names.find(name);
    if (!who) return watch_from(door.here(), door.self(), who, 0);
  }
  return monitor(who);
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
  const bool own = which.owner() == door.home().table.pid_of(self.key());
  ref_entry* known = own && self.refs != nullptr ? self.refs->find(which.name()) : nullptr;
  if (known == nullptr || (known->kind != ref_kind::alias && known->kind != ref_kind::alias_once)) return false;
  self.refs->remove(which.name());
  return true;
}

}  // namespace mote
