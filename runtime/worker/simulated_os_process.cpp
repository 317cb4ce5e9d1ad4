#include "runtime/worker/simulated_os_process.hpp"

#include "runtime/worker/family.hpp"

#include <mote/error.hpp>

#include <algorithm>
#include <csignal>
#include <exception>
#include <new>
#include <utility>

namespace mote::detail {

namespace {

core& here() noexcept { return *current_core(); }

family& relatives_of(runtime& home) noexcept { return static_cast<family&>(*home.elsewhere); }

/// While it lives, what is done is done by a scheduler's guest.
class as_guest {
 public:
  explicit as_guest(core& guest) noexcept : host_(current_scheduler()) { set_current_scheduler(&guest); }
  as_guest(const as_guest&) = delete;
  as_guest& operator=(const as_guest&) = delete;
  ~as_guest() { set_current_scheduler(host_); }

 private:
  scheduler* const host_;
};

constexpr os_ending killed_on_demand{.status = SIGKILL, .by_signal = true, .asked_for = true};

}  // namespace

simulated_os_process::simulated_os_process(runtime& home) : home_(home), owner_(*here().current()) {}

simulated_os_process::~simulated_os_process() {
  if (first_is_written_) relatives_of(home_).forget_far_side(serial_of(start_.place));
  end(killed_on_demand);
}

// ---- as its owner sees it ----

wire_state simulated_os_process::write(std::span<const std::byte> packet) {
  if (first_is_written_) return from_program_.write(packet);
  frame_reader frames(packet);
  std::span<const std::byte> body;
  if (frames.next(body) != frame_kind::start) decoder::refuse("the first frame does not start anything");
  start_ = decoder(body).get<start_frame>();
  relatives_of(home_).know_far_side(serial_of(start_.place), *this);
  begins_ns_ = here().now_ns() + simulated_delay_ns();
  first_is_written_ = true;
  return wire_state::done;
}

void simulated_os_process::wait(bool reading, bool writing, std::uint64_t deadline_ns) {
  heed_signals(here(), owner_);
  if ((reading && to_program_.has_news(here().now_ns())) || (writing && from_program_.has_room())) return;
  if (owner_.pending.first != nullptr && !writing) return;
  if (run_turn()) {
    here().yield();
    return heed_signals(here(), owner_);
  }
  static_cast<void>(wait_for_wake(owner_, std::min(deadline_ns, next_event_ns(reading)), wait_reason::message));
}

std::uint64_t simulated_os_process::next_event_ns(bool reading) const noexcept {
  std::uint64_t next = reading ? to_program_.next_arrival_ns() : no_deadline;
  if (ending_) return told_ ? next : std::min(next, told_ns_);
  if (plan_) next = std::min(next, plan_->at_ns);
  if (stopped_) return next;
  if (begins_ns_) next = std::min(next, *begins_ns_);
  if (ready_) next = std::min({next, inside().timers().next_deadline(), from_program_.next_arrival_ns()});
  return next;
}

std::optional<os_ending> simulated_os_process::ended() {
  if (!ending_ || here().now_ns() < told_ns_) return std::nullopt;
  told_ = true;
  return ending_;
}

void simulated_os_process::kill() noexcept { end(killed_on_demand); }

std::optional<std::uint64_t> simulated_os_process::pulse() noexcept {
  if (stopped_) return 0;
  return std::nullopt;
}

// ---- its life ----

// False: nothing is to be done before the next event.
bool simulated_os_process::run_turn() {
  if (ending_) return false;
  const std::uint64_t now = here().now_ns();
  if (plan_ && plan_->at_ns <= now) {
    meet_end(*std::exchange(plan_, std::nullopt));
    return true;
  }
  if (stopped_) return false;
  if (begins_ns_ && *begins_ns_ <= now) return begin();
  if (!ready_) return false;
  if (here().order().fails(mishap::os_process)) {
    end({.status = SIGKILL, .by_signal = true});
    return true;
  }
  {
    const as_guest guest(inside());
    near_->wake_waiting(inside());
  }
  const bool any = inside().run_turn();
  if (root_has_ended_) end({});
  return any || ending_;
}

bool simulated_os_process::begin() {
  begins_ns_.reset();
  options given;
  given.deterministic_seed = home_.settings.deterministic_seed;
  try {
    ready_.emplace(prepare_isolated_runtime(start_, given, &home_, [this](runtime&) {
      auto way = std::make_unique<simulated_near_wire>(from_program_, to_program_);
      near_ = way.get();
      return way;
    }));
  } catch (const std::exception&) {  // as an OS process tells it, whose runtime cannot be made
    to_program_.write(pack(finished_frame{reason::from_exception(std::current_exception())}).frame);
    end({});
    return true;
  }
  runtime& made = *ready_->home;
  made.await_end(*ready_->second, {[](void* self, const reason&) noexcept {
                                     static_cast<simulated_os_process*>(self)->root_has_ended_ = true;
                                   },
                                   this});
  made.schedulers.submit(*ready_->first);
  made.schedulers.submit(*ready_->second);
  return true;
}

// ---- its end ----

namespace {

// In steps of a nanosecond, or longer ones where there would be more than can be drawn among.
std::uint64_t drawn_within_ns(std::chrono::nanoseconds most) {
  if (most.count() <= 0) return 0;
  constexpr std::uint64_t most_steps = 0xFFFF'FFFE;
  const auto whole = static_cast<std::uint64_t>(most.count());
  const std::uint64_t step = (whole - 1) / most_steps + 1;
  return step * here().order().choose(static_cast<std::uint32_t>(whole / step + 1));
}

}  // namespace

void simulated_os_process::plan_end(sim::os_end how, int code, std::chrono::nanoseconds within) {
  if (ending_) return;
  plan_ = {how, code, here().now_ns() + drawn_within_ns(within)};
  const bool asked_inside = &here().home != &home_;
  if (asked_inside) return;  // the owner is between two turns, and looks
  if (within.count() <= 0) meet_end(*std::exchange(plan_, std::nullopt));
  if (owner_.mail.nudge() == pushed::woke_linked) here().make_ready(owner_);
}

void simulated_os_process::meet_end(const planned_end& what) {
  switch (what.how) {
    case sim::os_end::exit_code:
      return end({.status = what.code});
    case sim::os_end::signal:
      return end({.status = what.code, .by_signal = true});
    case sim::os_end::out_of_memory:
      return end({.status = SIGKILL, .by_signal = true, .out_of_memory = true});
    case sim::os_end::torn: {
      const outbound whole = pack(finished_frame{});
      to_program_.write(std::span(whole.frame).first(whole.frame.size() / 2));
      stopped_ = true;
      return;
    }
    case sim::os_end::stopped:
      stopped_ = true;
      return;
  }
}

void simulated_os_process::end(const os_ending& how) noexcept {
  if (ending_) return;
  ending_ = how;
  told_ns_ = here().now_ns() + simulated_delay_ns();
  begins_ns_.reset();
  to_program_.close();  // D1
  from_program_.drop();
  clear();
}

// D2
void simulated_os_process::clear() noexcept {
  if (!ready_) return;
  constexpr int most_rounds = 100;  // of killing what destructors have spawned
  for (int round = 0; round < most_rounds && kill_all(); ++round) run_while_possible();
  ready_->home.reset();
  ready_.reset();
}

// False: nobody is left.
bool simulated_os_process::kill_all() noexcept {
  const runtime& dying = *ready_->home;
  const as_guest guest(inside());
  bool any = false;
  for (std::uint32_t i = 0; i < dying.table.carved(); ++i) {
    process& one = dying.table.at(i);
    if (one.doing.load(relaxed) == activity::free) continue;
    any = true;
    one.set(process_flags::heard);  // no crash is reported: the OS process is gone already
    try {
      post_signal(inside(), one.key(), {signal_kind::exit, 0, dying.table.pid_of(one.key()), 0, reason::kill});
    } catch (const std::bad_alloc&) {  // the next round, when others have given some back
    }
  }
  return any;
}

void simulated_os_process::run_while_possible() noexcept {
  constexpr int most_turns = 1'000'000;  // of those who go on for ever although they are killed
  for (int turn = 0; turn < most_turns; ++turn) {
    if (inside().run_turn()) continue;
    const std::uint64_t next = inside().timers().next_deadline();
    if (next == no_deadline) return;
    inside().order().skip_to(next);
  }
}

namespace {

// One that was just spawned is there when its stand-in has begun. Null: it has ended.
far_side* await_far_side(pid isolated) {
  family& relatives = relatives_of(here().home);
  const std::uint64_t key = foreign_key(here().home.table.place(), isolated);
  for (;;) {
    far_side* const found = relatives.far_side_of(serial_of(isolated.place()));
    if (found != nullptr || relatives.has_ended(key)) return found;
    here().yield();
    heed_signals(here(), *here().current());
  }
}

}  // namespace

std::unique_ptr<far_side> simulate_os_process(runtime& home) { return std::make_unique<simulated_os_process>(home); }

}  // namespace mote::detail

namespace mote::sim {

using namespace mote::detail;

void end_os_process(pid isolated, os_end how, int code, std::chrono::nanoseconds within) {
  const entry door("mote::sim::end_os_process");
  detail::runtime& here = door.home();
  detail::runtime& program = here.host != nullptr ? *here.host : here;
  if (!program.settings.deterministic_seed || program.elsewhere == nullptr) {
    throw usage_error("mote::sim::end_os_process: OS processes are simulated in deterministic mode only");
  }
  const bool is_one = isolated == isolated_pid(isolated.place()) && isolated.place() >> 32 == program.table.place();
  if (!is_one) throw usage_error("mote::sim::end_os_process: " + to_string(isolated) + " is no isolated process");
  const bool is_inside = &here != &program;
  if (is_inside && isolated.place() != here.table.place()) {
    throw usage_error("mote::sim::end_os_process: an OS process cannot end another");
  }
  far_side* const found =
      is_inside ? relatives_of(program).far_side_of(serial_of(isolated.place())) : await_far_side(isolated);
  if (found == nullptr) return;
  static_cast<simulated_os_process*>(found)->plan_end(how, code, within);
  while (is_inside && within.count() <= 0) {
    process& self = door.self();
    static_cast<void>(wait_for_wake(self, no_deadline, wait_reason::work));
    heed_signals(door.here(), self);
  }
}

}  // namespace mote::sim
