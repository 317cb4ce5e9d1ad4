// Labels: simulation.hpp.
#include "runtime/sim/simulation.hpp"

#include "runtime/memory/blocks.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mote::detail {

namespace {

constexpr std::uint64_t turn_ns = 1'000, slow_turn_ns = 1'000'000;
constexpr unsigned most_stands = 100;
constexpr std::uint32_t longest_delay_us = 1'000;

}  // namespace

simulation::simulation(std::uint64_t seed, const sim::options& given, const run_trace* follows)
    : seed_(seed),
      given_(given),
      random_(seed),
      fault_random_(~seed),
      user_random_(split_mix(~seed).next()),
      chooser_(make_chooser(given.how, random_, given.choices)),
      trace_(given.trace_lines, follows) {}

// ---- what is decided ----

std::uint32_t simulation::next(std::span<const std::uint64_t> names) noexcept { return chooser_->next(names); }

std::uint32_t simulation::choose(std::uint32_t count) noexcept {
  if (count == 1) return 0;
  ++drawn_;
  return random_.below(count);
}

std::uint64_t simulation::random() noexcept {
  ++drawn_;
  return user_random_.next();
}

bool simulation::occurs(std::uint32_t one_in) noexcept {
  if (one_in == 0) return false;
  ++drawn_;
  return fault_random_.below(one_in) == 0;
}

std::int32_t simulation::slice(std::int32_t usual) noexcept {
  count_step();
  const bool slow = occurs(given_.what_fails.slow_one_in);
  if (slow) ++other_faults_;
  now_ += slow ? slow_turn_ns : turn_ns;
  return chooser_->slice(usual);
}

bool simulation::skip_to(std::uint64_t deadline_ns) noexcept {
  now_ = std::max(now_, deadline_ns);
  deliver_due();
  return true;
}

// E1
void simulation::count_step() noexcept {
  const std::uint64_t step = steps_.load(relaxed) + 1;
  steps_.store(step, relaxed);
  if (step == 1 && on_first_step) on_first_step();
  if (step <= given_.most_steps) [[likely]] return;
  if (step == given_.most_steps + 1) fail("more than " + std::to_string(given_.most_steps) + " steps");
  if (step > given_.most_steps + given_.most_steps / 10 + 10'000) over_ = true;
}

void simulation::stands() noexcept {
  if (++stands_ <= most_stands) return;
  fail("it stood still more than " + std::to_string(most_stands) + " times, and was woken each time");
  over_ = true;
}

// ---- what is told ----

void simulation::add(happening what, unsigned scheduler, std::uint64_t who, std::uint64_t other, const char* text,
                     const message_type* type) {
  trace_.add({what, event::none, static_cast<std::uint8_t>(scheduler), now_, who, other, text, type});
}

void simulation::learn_name(std::uint64_t key) {
  const process& one = home_->table.at(static_cast<std::uint32_t>(key));
  if (key == home_->root_key) return trace_.know(key, "(root)");
  if (key == home_->first_key) return trace_.know(key, "(main)");
  if (one.details == nullptr) return;
  trace_.know(key, one.details->name.empty() ? one.details->label : one.details->name);
}

void simulation::add_event(unsigned scheduler, const trace_entry& one) {
  occurrence seen{.which = one.what, .scheduler = static_cast<std::uint8_t>(scheduler), .time_ns = now_};
  switch (one.what) {
    case event::steal:
    case event::migrate:
    case event::raid:
      seen.who = one.subject;
      seen.other = one.detail;
      break;
    case event::fire:
      seen.who = one.detail == 0 ? home_->table.key_of_number(one.subject) : home_->table.at(one.subject).key();
      seen.other = one.detail;
      break;
    case event::spawn:
      seen.other = home_->table.key_of_number(static_cast<std::uint32_t>(one.detail));
      [[fallthrough]];
    case event::run:
    case event::ready:
      seen.who = home_->table.key_of_number(one.subject);
      break;
    case event::exit:
      seen.who = home_->table.key_of_number(one.subject);
      seen.other = one.detail;
      break;
    default:
      break;
  }
  if (one.what == event::spawn) learn_name(seen.who);
  if (one.what == event::run) running_.store(seen.who, relaxed);
  trace_.add(seen);
}

void simulation::look(unsigned scheduler, const trace_ring& events) noexcept {
  const std::uint64_t written = events.written();
  std::uint64_t& seen = seen_[scheduler];
  seen = std::max(seen, written > trace_ring::capacity ? written - trace_ring::capacity : 0);
  for (; seen != written; ++seen) add_event(scheduler, events.read(static_cast<std::size_t>(written - 1 - seen)));
}

void simulation::called(unsigned scheduler, std::uint64_t who, const runtime_call& what) noexcept {
  count_step();
  calling_.store(what.name, relaxed);
  running_.store(who, relaxed);
  add(happening::call, scheduler, who, what.about, what.name, what.mail != nullptr ? what.mail->type : nullptr);
  if (std::strcmp(what.name, "mote::yield") == 0) chooser_->gave_way(who);
  if (!postponed_.empty()) deliver_due();
  if (steps() > given_.most_steps && !std::exchange(killed_all_, true)) kill_all();
  if (who != home_->root_key && occurs(given_.what_fails.kill_one_in)) kill_somebody(scheduler);
}

void simulation::freed(unsigned scheduler, std::uint64_t who, const envelope& mail, bool dropped) noexcept {
  const tsan_in_scheduler quiet;
  add(dropped ? happening::dropped : happening::took, scheduler, who, 0, "", mail.type);
}

void simulation::ended(std::uint64_t who, const reason& why) noexcept {
  add(happening::ended, 0, who, static_cast<std::uint64_t>(why.kind()), "");
  trace_.say(trace_.name_of(who) + " ends: " + to_string(why));
  if (who == home_->first_key) fail("main ended: " + to_string(why));
}

void simulation::fail(std::string why) {
  if (!why_.empty()) return;
  why_ = std::move(why);
  trace_then_ = trace_.told();
}

void simulation::crashed(const crash_report& report) {
  const tsan_in_scheduler quiet;  // called as if by a user, outside
  const std::string name = report.name.empty() ? report.label : report.name;
  if (!given_.crashes_fail) return;
  fail("a process crashed unseen: " + trace_.name_of(key_of(report.process)) + (name.empty() ? "" : " " + name) + ": " +
       to_string(report.why));
}

// Also for one who mends it himself: then it is none, and on_deadlock has been told.
void simulation::stood(const deadlock_report& report) {
  const tsan_in_scheduler quiet;
  add(happening::stood, 0, 0, 0, "");
  trace_.say(report.text);
  if (!given_.runtime.on_deadlock) fail("every process waits, and nothing is left that could wake one");
}

// ---- faults ----

bool simulation::is_mortal(std::uint64_t key) const noexcept {
  return key != home_->root_key && key != home_->first_key;
}

// Whoever a few draws find; in a table that is nearly empty, often nobody.
void simulation::kill_somebody(unsigned scheduler) {
  constexpr int draws = 8;
  for (int i = 0; i < draws; ++i) {
    process& one = home_->table.at(fault_random_.below(home_->table.carved()));
    const activity now = one.doing.load(relaxed);
    if (now == activity::free || now == activity::exiting || !is_mortal(one.key()) || has_ended(one)) continue;
    ++kills_;
    add(happening::fault, scheduler, one.key(), 0, "is killed");
    const bool before = std::exchange(is_quiet_, true);
    post_signal(*current_core(), one.key(), {signal_kind::exit, 0, home_->table.pid_of(one.key()), 0, reason::kill});
    is_quiet_ = before;
    return;
  }
}

void simulation::kill_all() noexcept {
  const bool before = std::exchange(is_quiet_, true);
  for (std::uint32_t i = 0; i < home_->table.carved(); ++i) {
    process& one = home_->table.at(i);
    if (one.doing.load(relaxed) == activity::free || one.key() == home_->root_key) continue;
    post_signal(*current_core(), one.key(), {signal_kind::exit, 0, home_->table.pid_of(one.key()), 0, reason::kill});
  }
  is_quiet_ = before;
}

bool simulation::fails(mishap what) noexcept {
  const tsan_in_scheduler quiet;
  const sim::faults& rates = given_.what_fails;
  if (is_quiet_) return false;
  std::uint32_t one_in = 0;
  const char* text = "";
  switch (what) {
    case mishap::memory:
      one_in = rates.refuse_memory_one_in;
      text = "gets no memory";
      break;
    case mishap::connection:
      one_in = rates.reset_one_in;
      text = "finds its connection reset";
      break;
    case mishap::os_process:
      one_in = rates.end_os_process_one_in;
      text = "finds its OS process gone";
      break;
  }
  if (!occurs(one_in)) return false;
  ++other_faults_;
  add(happening::fault, 0, running_.load(relaxed), 0, text);
  return true;
}

// E3
bool simulation::postpones(std::uint64_t from, std::uint64_t to, envelope* mail) noexcept {
  const tsan_in_scheduler quiet;
  if (is_quiet_) return false;
  const auto earlier = std::find_if(postponed_.rbegin(), postponed_.rend(),
                                    [=](const postponed& one) { return one.from == from && one.to == to; });
  const bool waits_too = earlier != postponed_.rend();
  if (!waits_too && !occurs(given_.what_fails.delay_one_in)) return false;
  const std::uint64_t due = waits_too ? earlier->due_ns : now_ + 1'000 * (1 + fault_random_.below(longest_delay_us));
  if (!waits_too) {
    ++other_faults_;
    add(happening::fault, 0, from, to, "sends what comes late");
  }
  tsan_release(mail);
  postponed_.push_back({from, to, due, mail});
  return true;
}

template <class Wanted>
void simulation::deliver_if(Wanted&& wanted) noexcept {
  const tsan_in_scheduler quiet;
  for (std::size_t i = 0; i < postponed_.size();) {
    const postponed one = postponed_[i];
    if (!wanted(one)) {
      ++i;
      continue;
    }
    postponed_.erase(postponed_.begin() + static_cast<std::ptrdiff_t>(i));
    tsan_acquire(one.mail);
    deliver(one);
  }
}

// Who asked by a request that comes too late for everyone took it for delivered: what its own sender tells otherwise is told here
// (request.cpp, R1).
void simulation::deliver(const postponed& one) noexcept {
  const pid to = home_->table.pid_of(one.to);
  const bool asks = one.mail->kind == envelope_kind::request;
  const std::uint64_t asker = asks ? asker_of(*one.mail) : 0;
  const ref asked(one.mail->mark, one.mail->slot);
  const urgency how = one.mail->kind == envelope_kind::reply ? urgency::urgent : urgency::ordinary;
  const posted result = post_from_outside(*home_, to, envelope_ptr(one.mail), insists, how);
  if (result != posted::gone || !asks) return;
  const bool before = std::exchange(is_quiet_, true);
  envelope_ptr refusal(make_envelope(down{asked, to, reason::noproc}));
  refusal->mark = asked.number();
  refusal->slot = asked.slot() & 0xFFFFFF;
  static_cast<void>(post_from_outside(*home_, home_->table.pid_of(asker), std::move(refusal), insists, urgency::urgent));
  is_quiet_ = before;
}

void simulation::deliver_due() noexcept {
  deliver_if([this](const postponed& one) { return one.due_ns <= now_; });
}

void simulation::hurry(std::uint64_t from, std::uint64_t to) noexcept {
  deliver_if([=](const postponed& one) { return one.from == from && one.to == to; });
}

std::uint64_t simulation::due_ns() const noexcept {
  std::uint64_t first = ~std::uint64_t{0};
  for (const postponed& one : postponed_) first = std::min(first, one.due_ns);
  return first;
}

bool simulation::drop_postponed() noexcept {
  const std::vector<postponed> left = std::exchange(postponed_, {});
  for (const postponed& one : left) drop_envelope(one.mail);
  return !left.empty();
}

// ---- afterwards ----

sim::result simulation::outcome(int code) {
  sim::result all;
  if (code != 0) fail("main returned " + std::to_string(code));
  if (given_.failed && given_.failed()) fail("options::failed says so");
  all.failed = !why_.empty();
  all.why = why_;
  all.trace = trace_then_;
  all.seed = seed_;
  all.trace_hash = trace_.hash();
  all.steps = steps();
  all.kills = kills_;
  all.other_faults = other_faults_;
  all.virtual_time = std::chrono::nanoseconds(now_ - 1'000'000'000);
  all.choices = chooser_->choices();
  all.drawn = drawn_;
  all.code = code;
  return all;
}

}  // namespace mote::detail
