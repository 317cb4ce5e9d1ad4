// Sending: from the caller's hands into the receiver's inbox. docs/design/mailbox.md.
#include "runtime/memory/blocks.hpp"
#include "runtime/process/core.hpp"

#include <mote/send.hpp>

#include <utility>

namespace mote::detail {

envelope* allocate_envelope(std::size_t bytes) { return static_cast<envelope*>(allocate(bytes)); }

void free_envelope(envelope* mail) noexcept { deallocate(mail); }

void drop_envelope(envelope* mail) noexcept {
  if (mail->type->destroy != nullptr) mail->type->destroy(mail->payload());
  deallocate(mail);
}

void not_in_a_process(const char* call) {
  throw usage_error(std::string(call) + ": called from a plain thread; it belongs inside a process (mote::run)");
}

namespace {

std::uint64_t units_of(const envelope& mail) noexcept { return mail.bytes() >> 4; }

// What it costs to send to a mailbox that holds this much: without a limit, producers slow down before memory runs out.
std::int32_t price(const process& to, std::uint64_t load) noexcept {
  const std::uint64_t waiting = inbox_load::count(load) + to.pending.count.get();
  return waiting < cost::long_mailbox ? cost::call : cost::send_to_long;
}

// Where the mail goes; nullptr: that process has ended.
process* receiver_of(const runtime& home, pid to) noexcept { return home.table.find(to); }

}  // namespace

bool post(core& here, process* to, std::uint32_t generation, envelope_ptr mail, urgency how) {
  if (to == nullptr) return false;
  envelope* const letter = mail.get();
  letter->generation = generation;
  std::uint64_t load = 0;
  switch (to->mail.push(letter, units_of(*letter), how == urgency::urgent, load)) {
    case pushed::closed:
      return false;
    case pushed::woke:
      to->handed = mail.release();
      here.make_ready(*to);
      return true;
    case pushed::woke_linked:
      static_cast<void>(mail.release());
      here.make_ready(*to);
      return true;
    case pushed::queued:
      static_cast<void>(mail.release());
      here.spend(price(*to, load));
      return true;
  }
  return false;
}

bool post_from_outside(runtime& home, pid to, envelope_ptr mail) {
  process* const receiver = receiver_of(home, to);
  if (receiver == nullptr) return false;
  envelope* const letter = mail.get();
  letter->generation = to.generation();
  std::uint64_t load = 0;
  const pushed how = receiver->mail.push(letter, units_of(*letter), false, load);
  if (how == pushed::closed) return false;
  static_cast<void>(mail.release());
  if (how == pushed::woke) receiver->handed = letter;
  if (how != pushed::queued) home.schedulers.submit(*receiver);
  return true;
}

bool post_signal(core& here, std::uint64_t to_key, signal&& news) {
  process* const to = here.home.table.find(to_key);
  if (to == nullptr) return false;
  envelope_ptr mail = make_envelope(std::move(news));
  mail->kind = envelope_kind::signal;
  return post(here, to, static_cast<std::uint32_t>(to_key >> 32), std::move(mail), urgency::urgent);
}

void yield_if_used_up(core& here) noexcept {
  if (here.slice_used_up()) here.yield();
}

namespace {

// What every send does before it posts: a killed sender's mail goes nowhere.
bool may_send(core& here, process& self) {
  if ((self.mail.high() & inbox_flags::urgent) != 0) [[unlikely]] sort_mail(here, self);
  return !self.has(process_flags::killed);
}

bool send_one(const entry& door, pid to, envelope_ptr mail) {
  core& here = door.here();
  here.spend(cost::call);
  if (!may_send(here, door.self())) return false;
  return post(here, receiver_of(here.home, to), to.generation(), std::move(mail), urgency::ordinary);
}

}  // namespace

void deliver(pid to, envelope_ptr mail) {
  const entry door("mote::send");
  static_cast<void>(send_one(door, to, std::move(mail)));
  yield_if_used_up(door.here());
}

void deliver(alias to, envelope_ptr mail) {
  mail->mark = to.name().number();
  mail->slot = to.name().slot() & 0xFFFFFF;
  deliver(to.owner(), std::move(mail));
}

bool try_deliver(pid to, envelope_ptr mail) {
  const entry door("mote::try_send");
  return send_one(door, to, std::move(mail));
}

void deliver_from_outside(runtime& where, pid to, envelope_ptr mail) {
  static_cast<void>(post_from_outside(where, to, std::move(mail)));
}

pid require_name(std::string_view name) {
  const pid who = whereis(name);
  if (!who) throw usage_error("mote::send: nobody has the name \"" + std::string(name) + "\"");
  return who;
}

}  // namespace mote::detail
