#include "runtime/worker/family.hpp"

#include "runtime/worker/frames.hpp"

#include <utility>

namespace mote::detail {

bool family::is_gone(std::uint64_t key) const noexcept {
  const process* const block = home_.table.find(key);
  return block == nullptr || block->doing.load(acquire) == activity::free;  // finish.cpp, O1
}

// An entry stays until its process has told everyone of its end, and a while longer.
void family::forget_ended() {
  std::erase_if(keys_, [&](const auto& entry) {
    if (!is_gone(entry.second)) return false;
    serials_of_.erase(entry.second);
    return true;
  });
  worth_a_look_ = 64 + 2 * keys_.size();
}

void family::add(std::uint32_t serial, std::uint64_t key) {
  const std::unique_lock hold(lock_);
  if (keys_.size() >= worth_a_look_) forget_ended();
  keys_.emplace(serial, key);
  serials_of_.emplace(key, serial);
}

void family::know_far_side(std::uint32_t serial, far_side& which) {
  const std::unique_lock hold(lock_);
  far_sides_[serial] = &which;
}

void family::forget_far_side(std::uint32_t serial) noexcept {
  const std::unique_lock hold(lock_);
  far_sides_.erase(serial);
}

far_side* family::far_side_of(std::uint32_t serial) const noexcept {
  const std::shared_lock hold(lock_);
  const auto found = far_sides_.find(serial);
  return found != far_sides_.end() ? found->second : nullptr;
}

std::uint64_t family::key_of_serial(std::uint32_t serial) const noexcept {
  const std::shared_lock hold(lock_);
  const auto found = keys_.find(serial);
  return found != keys_.end() ? found->second : 0;
}

bool family::has_ended(std::uint64_t foreign_key) const noexcept {
  return (foreign_key & isolated_bit) == 0 || is_gone(key_of_serial(static_cast<std::uint32_t>(foreign_key >> 32)));
}

std::uint64_t family::stand_in_for(pid who) const noexcept {
  return foreign_key(home_.table.place(), who) != 0 ? key_of_serial(serial_of(who.place())) : 0;
}

pid family::stood_for(std::uint64_t key) const noexcept {
  const std::shared_lock hold(lock_);
  const auto found = serials_of_.find(key);
  if (found == serials_of_.end()) return home_.table.pid_of(key);
  return isolated_pid(isolated_place(home_.table.place(), found->second));
}

// Signals reach the stand-in as they are: it has ties of its own. Messages are packed by their sender, who so hears of those
// that cannot cross; and in order, since all go the same way.
abroad::forwarded family::forward(pid to, envelope_ptr mail, moment) {
  if (to.place() >> 32 != home_.table.place()) return {};
  const std::uint64_t key = key_of_serial(serial_of(to.place()));
  if (key == 0) return {};
  if (mail->kind == envelope_kind::signal) return {key, mail.release()};
  const pid asker = mail->kind == envelope_kind::request ? pid_for(home_, asker_of(*mail)) : pid();
  return {key, wrap(to, asker, *mail)};
}

envelope* wrap(pid to, pid asker, envelope& mail) {
  envelope* const wrapped = make_envelope(pack(head_of(to, asker, mail), mail), sizeof(std::uint64_t));
  const bool from_afar = (mail.mark >> 52 & 1) != 0;  // core::new_number: it names something over there
  if (mail.mark != 0 && !from_afar) {
    wrapped->mark = mail.mark;
    wrapped->slot = mail.slot;
    wrapped->kind = mail.kind;
    if (mail.kind == envelope_kind::request) asker_of(*wrapped) = asker_of(mail);
  }
  return wrapped;
}

}  // namespace mote::detail
