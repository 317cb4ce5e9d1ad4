// Names of processes.
//
// N1  Who names a process stores its details, then looks whether the mailbox is closed; the process closes its mailbox, then
//     looks for details (finish.cpp). Both have a full barrier between (closing is a locked instruction): one of them sees the
//     other, and no name outlives its process.
#include "runtime/process/names.hpp"

#include "runtime/process/core.hpp"

#include <mote/process.hpp>

#include <mutex>

namespace mote::detail {

bool name_table::add(std::string_view name, pid who) {
  const std::unique_lock hold(lock_);
  return names_.emplace(std::string(name), who).second;
}

pid name_table::remove(std::string_view name) {
  const std::unique_lock hold(lock_);
  const auto found = names_.find(name);
  if (found == names_.end()) return {};
  const pid who = found->second;
  names_.erase(found);
  return who;
}

pid name_table::find(std::string_view name) const {
  const std::shared_lock hold(lock_);
  const auto found = names_.find(name);
  return found == names_.end() ? pid() : found->second;
}

pid name_table::require(const char* call, std::string_view name) const {
  const pid who = find(name);
  if (!who) throw usage_error(std::string(call) + ": nobody has the name \"" + std::string(name) + "\"");
  return who;
}

std::vector<std::string> name_table::all() const {
  const std::shared_lock hold(lock_);
  std::vector<std::string> result;
  result.reserve(names_.size());
  for (const auto& [name, who] : names_) result.push_back(name);
  return result;
}

void name_process(runtime& home, process& who, std::uint64_t key, std::string_view name, const char* call) {
  const auto refuse = [call](const std::string& why) { throw usage_error(std::string(call) + ": " + why); };
  if (name.empty()) refuse("the name is empty");
  ask_for_memory();
  const std::lock_guard hold(home.details_lock);
  const auto named = [&] { return to_string(home.table.pid_of(key)); };
  const auto ended = [&] { return who.key() != key || (who.mail.high() & inbox_flags::closed) != 0; };
  if (ended()) refuse(named() + " has ended");
  if (who.details == nullptr) who.details = std::make_unique<process_details>();
  if (!who.details->name.empty()) refuse(named() + " has the name \"" + who.details->name + "\" already");
  std::string kept(name);
  if (!home.names.add(name, name_of(home, who))) refuse("the name \"" + kept + "\" is taken");
  who.details->name = std::move(kept);
  fence(seq_cst);  // N1
  if (!ended()) return;
  home.names.remove(name);
  who.details->name.clear();
  refuse(named() + " has ended");
}

void unname_process(runtime& home, process& who) noexcept {
  const std::lock_guard hold(home.details_lock);
  if (who.details != nullptr && !who.details->name.empty()) home.names.remove(who.details->name);
}

void drop_details(runtime& home, process& who) noexcept {
  const std::lock_guard hold(home.details_lock);
  who.details.reset();
}

}  // namespace mote::detail

namespace mote {

using namespace detail;

void register_name(std::string_view name, pid who) {
  const entry door("mote::register_name");
  process* const subject = find_or_stand_in(door.home(), who);
  if (subject == nullptr) throw usage_error("mote::register_name: " + to_string(who) + " has ended, or lives elsewhere");
  name_process(door.home(), *subject, subject->key(), name, "mote::register_name");
}

bool unregister_name(std::string_view name) {
  const entry door("mote::unregister_name");
  const std::lock_guard hold(door.home().details_lock);
  process* const subject = find_or_stand_in(door.home(), door.home().names.remove(name));
  if (subject == nullptr) return false;
  if (subject->details != nullptr && subject->details->name == name) subject->details->name.clear();
  return true;
}

pid whereis(std::string_view name) {
  const entry door("mote::whereis");
  return door.home().names.find(name);
}

std::vector<std::string> registered_names() {
  const entry door("mote::registered_names");
  return door.home().names.all();
}

void set_label(std::string_view label) {
  const entry door("mote::set_label");
  process& self = door.self();
  const std::lock_guard hold(door.home().details_lock);
  if (self.details == nullptr) self.details = std::make_unique<process_details>();
  self.details->label = label;
}

std::string label() {
  const entry door("mote::label");
  const process& self = door.self();
  return self.details != nullptr ? self.details->label : std::string();
}

}  // namespace mote
