// What can be seen of processes: of oneself, of others, and of one that has died.
#include "runtime/process/locals.hpp"
#include "runtime/process/outside.hpp"
#include "runtime/process/refs.hpp"

#include <mote/process_local.hpp>
#include <mote/runtime.hpp>

#include <cstdio>
#include <exception>
#include <new>

namespace mote::detail {

namespace {

crash_report report_of(runtime& home, const process& subject) {
  crash_report report{name_of(home, subject), {}, {}, {}};
  if (subject.details == nullptr) return report;
  const std::lock_guard hold(home.details_lock);
  report.name = subject.details->name;
  report.label = subject.details->label;
  return report;
}

void print(const crash_report& subject, const std::string& what) {
  std::string line = "mote: process " + to_string(subject.process);
  if (!subject.name.empty()) line += " \"" + subject.name + "\"";
  if (!subject.label.empty()) line += " (" + subject.label + ")";
  line += what + "\n";
  std::fputs(line.c_str(), stderr);
}

// make(): the report. In nobody's name, since on_crash is the user's code.
template <class Make>
void report(core& here, pid dead, const reason& why, Make&& make) noexcept {
  const in_nobodys_name outside(here);
  try {
    const crash_report crash = make();
    if (!here.home.settings.on_crash) return print(crash, " ended: " + to_string(why));
    here.home.settings.on_crash(crash);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "mote: process <%llu.%u.%u> ended (%s), and the report of it failed: %s\n",
                 static_cast<unsigned long long>(dead.place()), dead.index(), dead.generation(),
                 to_string(why.kind()).data(), failed.what());
  } catch (...) {
    std::fputs("mote: options::on_crash threw something that is no std::exception\n", stderr);
  }
}

}  // namespace

void report_crash(core& here, process& dead, const reason& why) noexcept {
  report(here, here.home.table.pid_of(dead.key()), why, [&] {
    crash_report crash = report_of(here.home, dead);
    crash.why = why;
    return crash;
  });
}

void report_child(std::string_view id, pid child, const reason& why) {
  if (!why || why.kind() == reason_kind::killed) return;
  const entry door("mote::supervisor");
  report(door.here(), child, why, [&] { return crash_report{child, std::string(id), {}, why}; });
}

// Whoever wants that mutex meanwhile stops a scheduler's whole thread for it, the holder's own perhaps; and the holder may go
// on in another thread than the one that locked it, which a mutex does not allow. Once a process: a loop would say the same
// for ever.
void runnable_hooks::holds_mutexes(scheduler& here, runnable& leaving, unsigned count) noexcept {
  auto& self = static_cast<process&>(leaving);
  if (self.has(process_flags::told_of_mutex)) return;
  self.set(process_flags::told_of_mutex);
  auto& now = static_cast<core&>(here);
  now.home.mutex_holders.fetch_add(1, relaxed);
  try {
    print(report_of(now.home, self), " holds " + std::to_string(count) + (count == 1 ? " mutex" : " mutexes") + " over " +
                                         now.calling + ", which lets others run: whoever wants it stops a scheduler");
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "mote: a process holds a mutex over %s, which lets others run\n", now.calling);
  }
}

std::uint32_t new_local_key() noexcept {
  static std::atomic<std::uint32_t> next{1};
  return next.fetch_add(1, relaxed);
}

void* local_value(std::uint32_t key, void* (*make)(const void*), const void* given, void (*destroy)(void*) noexcept) {
  local_values* own = nullptr;
  {
    const entry door("mote::process_local");
    process& self = door.self();
    if (self.locals == nullptr) self.locals = std::make_unique<local_values>();
    own = self.locals.get();
    if (void* known = own->find(key)) return known;
  }
  return own->add(key, make(given), destroy);
}

process_state state_of(const process& block) noexcept {
  if (has_ended(block)) return process_state::exiting;
  switch (block.doing.load(relaxed)) {
    case activity::running:
      return process_state::running;
    case activity::waiting:
      return process_state::waiting;
    case activity::exiting:
      return process_state::exiting;
    case activity::ready:
    case activity::free:
      return process_state::ready;
  }
  return process_state::ready;
}

}  // namespace mote::detail

namespace mote {

using namespace detail;

std::string_view to_string(process_state state) noexcept {
  switch (state) {
    case process_state::ready:
      return "ready";
    case process_state::running:
      return "running";
    case process_state::waiting:
      return "waiting";
    case process_state::exiting:
      return "exiting";
  }
  return "?";
}

std::string_view to_string(wait_reason why) noexcept {
  switch (why) {
    case wait_reason::message:
      return "message";
    case wait_reason::time:
      return "time";
    case wait_reason::reply:
      return "reply";
    case wait_reason::descriptor:
      return "descriptor";
    case wait_reason::room:
      return "room";
    case wait_reason::work:
      return "work";
  }
  return "?";
}

pid self() {
  const process& self = caller("mote::self");
  return current_core()->home.table.pid_of(self.key());
}

pid parent() {
  const entry door("mote::parent");
  const std::uint64_t key = door.self().parent_key;
  return key != 0 ? pid_for(door.home(), key) : pid();
}

priority set_priority(priority value) {
  const entry door("mote::set_priority");
  if (value > priority::low) throw usage_error("mote::set_priority: not a priority");
  process& self = door.self();
  const auto before = static_cast<priority>(std::uint8_t{self.priority});
  self.priority = static_cast<std::uint8_t>(value);
  return before;
}

void pin_to_scheduler(std::optional<unsigned> scheduler) {
  const entry door("mote::pin_to_scheduler");
  if (scheduler && *scheduler >= door.home().schedulers.size()) {
    throw usage_error("mote::pin_to_scheduler: " + std::to_string(*scheduler) + ", but there are " +
                      std::to_string(door.home().schedulers.size()) + ", from 0");
  }
  process& self = door.self();
  self.pinned = scheduler ? static_cast<std::uint16_t>(*scheduler) : no_pin;
  if (scheduler && *scheduler != door.here().index() && !has_ended(self)) {
    door.here().switch_away([](detail::scheduler& here, runnable& left) noexcept { here.enqueue(left); });
  }
}

unsigned scheduler_count() {
  const entry door("mote::scheduler_count");
  return static_cast<unsigned>(door.home().schedulers.size());
}

unsigned current_scheduler() {
  const entry door("mote::current_scheduler");
  return door.here().index();
}

namespace {

std::chrono::steady_clock::time_point coarse_past(std::uint64_t now_ns, std::uint32_t then) noexcept {
  const std::uint64_t now = now_ns >> detail::scheduler::coarse_shift;
  const std::uint32_t age = static_cast<std::uint32_t>(now) - then;
  const std::uint64_t past_ns = (now - age) << detail::scheduler::coarse_shift;
  return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(past_ns));
}

// Of one that waits: the reason's own words are read without order, and are its last wait's if that has just ended.
void add_wait(const detail::runtime& home, std::uint64_t now_ns, const process& block, process_info& seen) {
  const wait_reason why = block.waits_for();
  seen.waits_for = why;
  seen.waits_since = coarse_past(now_ns, block.parked_at);
  if (why == wait_reason::descriptor) seen.waits_for_descriptor = static_cast<int>(std::uint32_t{block.waits_on});
  if (why == wait_reason::reply || why == wait_reason::room) seen.waits_for_whom = home.table.pid_at(block.waits_on);
}

// Whether it has been launched and its end has not been told to everyone yet (finish.cpp, X2 O1).
bool known(const process& block, std::uint64_t key) noexcept {
  return block.doing.load(acquire) != activity::free && block.key() == key;  // finish.cpp, O1
}

// Those of the caller: who ended without a word (ties.cpp, L4), or is to be told of an unlink yet, is left out.
std::size_t links_in_force(const detail::runtime& home, process& self) {
  std::size_t count = 0;
  self.links.for_each([&](std::uint64_t key) { count += has_told_all(home, key) ? 0 : 1; });
  return count;
}

// self: the caller, nullptr in a plain thread.
std::optional<process_info> info_of(detail::runtime& home, pid who, std::uint64_t now_ns, process* self) {
  process* const block = find_or_stand_in(home, who);
  if (block == nullptr) return std::nullopt;
  const std::uint64_t key = block->key();
  process_info seen{};
  seen.id = who;
  const std::uint64_t parent = block->parent_key;
  if (parent != 0) seen.parent = pid_for(home, parent);
  seen.state = state_of(*block);
  seen.prio = static_cast<priority>(std::uint8_t{block->priority});
  seen.trap_exit = block->has(process_flags::traps_exits);
  const mailbox_bounds::load load = waiting_for(home, *block);
  seen.mailbox_messages = load.count;
  seen.mailbox_bytes = std::size_t{16} * load.units;
  seen.links = block == self ? links_in_force(home, *block) : block->links.size();
  seen.monitors = block->monitors;
  seen.stack_bytes = block->stack_used;
  if (seen.stack_bytes != 0) seen.stack_limit = usable_bytes(block->size_class);
  seen.reductions = block->reductions;
  seen.handoffs = block->handoffs;
  if (seen.state == process_state::waiting) add_wait(home, now_ns, *block, seen);
  {
    const std::lock_guard hold(home.details_lock);
    if (block->details != nullptr) {
      seen.name = block->details->name;
      seen.label = block->details->label;
    }
  }
  if (!known(*block, key) || name_of(home, *block) != who) return std::nullopt;
  return seen;
}

std::vector<pid> processes_of(const detail::runtime& home) {
  std::vector<pid> found;
  for (std::uint32_t index = 0; index < home.table.carved(); ++index) {
    const process& block = home.table.at(index);
    const std::uint64_t key = block.key();
    if (known(block, key) && !block.has(process_flags::hidden)) found.push_back(name_of(home, block));
  }
  return found;
}

}  // namespace

std::optional<process_info> info(pid who) {
  const entry door("mote::info");
  return info_of(door.home(), who, door.here().now_ns(), &door.self());
}

std::optional<process_info> runtime_handle::info(pid who) const {
  const errno_kept same;
  const visit there = visit::to(way_.place(), "mote::runtime_handle::info");
  if (!there) return std::nullopt;
  return info_of(there.home(), who, now_in(there.home()), nullptr);
}

std::vector<pid> processes() {
  const entry door("mote::processes");
  return processes_of(door.home());
}

std::vector<pid> runtime_handle::processes() const {
  const errno_kept same;
  const visit there = visit::to(way_.place(), "mote::runtime_handle::processes");
  return there ? processes_of(there.home()) : std::vector<pid>();
}

bool is_alive(pid who) {
  const entry door("mote::is_alive", nullptr, key_of(who));
  const process* const block = find_or_stand_in(door.home(), who);
  return block != nullptr && (block->mail.high() & inbox_flags::closed) == 0 && name_of(door.home(), *block) == who;
}

}  // namespace mote
