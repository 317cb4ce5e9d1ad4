// Alarms to the process that system_monitor named.
#include "runtime/process/alarms.hpp"

#include "runtime/process/core.hpp"

#include <mote/system_monitor.hpp>

#include <new>

namespace mote::detail {

namespace {

bool is_wanted_of(const runtime& home, std::uint64_t who) noexcept {
  const std::uint64_t monitor = home.watched.monitor_key.load(relaxed);
  return monitor != 0 && monitor != who;
}

// Without memory there is no alarm; nor where the monitor's full mailbox drops it; nor when the monitor has ended, which ends them
// all.
template <class Alarm>
void tell(core& here, Alarm&& alarm) noexcept {
  runtime& home = here.home;
  std::uint64_t monitor = home.watched.monitor_key.load(relaxed);
  process* const told = home.table.find(monitor);
  try {
    envelope* const mail = make_envelope(std::forward<Alarm>(alarm));
    if (post(here, told, static_cast<std::uint32_t>(monitor >> 32), mail, urgency::ordinary)) return;
  } catch (const std::bad_alloc&) {
  }
  if (told == nullptr || has_ended(*told)) home.watched.monitor_key.compare_exchange_strong(monitor, 0, relaxed, relaxed);
}

}  // namespace

void look_at_length(core& here, const process& who) noexcept {
  const std::uint64_t limit = here.home.watched.long_mailbox.load(relaxed);
  const std::uint64_t key = who.key();
  if (limit == alarms::off || !is_wanted_of(here.home, key)) return;
  const std::uint64_t waiting = waiting_for(here.home, who).count;
  auto& told = here.home.table.bounds_of(who).told_of_length;
  const auto generation = static_cast<std::uint32_t>(key >> 32);
  if (waiting >= limit) {
    if (told.exchange(generation, relaxed) != generation) tell(here, long_mailbox{here.home.table.pid_of(key), waiting});
  } else if (2 * waiting < limit) {
    told.store(0, relaxed);
  }
}

void look_at_stack(core& here, process& left, std::size_t bytes) noexcept {
  const std::uint64_t limit = here.home.watched.large_stack_bytes.load(relaxed);
  if (limit == alarms::off || !is_wanted_of(here.home, left.key())) return;
  if (2 * bytes < limit) {
    left.clear(process_flags::told_of_stack);
  } else if (bytes >= limit && !left.has(process_flags::told_of_stack)) {
    left.set(process_flags::told_of_stack);
    tell(here, large_stack{here.home.table.pid_of(left.key()), bytes});
  }
}

void tell_long_run(runtime& home, pid who, std::chrono::nanoseconds held) noexcept {
  const std::uint64_t monitor = home.watched.monitor_key.load(relaxed);
  if (!home.watched.long_run.load(relaxed) || !is_wanted_of(home, key_of(who))) return;
  try {
    envelope_ptr alarm(make_envelope(long_run{who, held}));
    static_cast<void>(post_from_outside(home, home.table.pid_of(monitor), std::move(alarm), insists));
  } catch (const std::bad_alloc&) {
  }
}

namespace {

void check(const std::optional<std::size_t>& given, const char* what) {
  if (given == 0) throw usage_error(std::string("mote::system_monitor_options::") + what + ": 0 would be every process");
}

void look_at_stacks(const runtime& home, bool wanted) noexcept {
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) {
    static_cast<core&>(home.schedulers[i]).look_beyond_bytes = wanted ? core::always : core::usual_beyond;
  }
}

}  // namespace

}  // namespace mote::detail

namespace mote {

using namespace detail;

void system_monitor(pid to, const system_monitor_options& wanted) {
  const entry door("mote::system_monitor");
  detail::runtime& home = door.home();
  if (home.table.find(to) == nullptr) throw usage_error("mote::system_monitor: " + to_string(to) + " is no process of this runtime");
  check(wanted.long_mailbox, "long_mailbox");
  check(wanted.large_stack_bytes, "large_stack_bytes");
  if (!wanted.long_mailbox && !wanted.large_stack_bytes && !wanted.long_run) {
    throw usage_error("mote::system_monitor_options: none of the alarms is asked for");
  }
  home.watched.long_mailbox.store(wanted.long_mailbox.value_or(alarms::off), relaxed);
  home.watched.large_stack_bytes.store(wanted.large_stack_bytes.value_or(alarms::off), relaxed);
  home.watched.long_run.store(wanted.long_run, relaxed);
  home.watched.monitor_key.store(key_of(to), relaxed);
  look_at_stacks(home, wanted.large_stack_bytes.has_value());
}

bool stop_system_monitor() {
  const entry door("mote::stop_system_monitor");
  detail::runtime& home = door.home();
  look_at_stacks(home, false);
  home.watched.long_mailbox.store(alarms::off, relaxed);
  home.watched.large_stack_bytes.store(alarms::off, relaxed);
  home.watched.long_run.store(false, relaxed);
  return home.watched.monitor_key.exchange(0, relaxed) != 0;
}

}  // namespace mote
