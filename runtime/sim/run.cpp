// sim::run, sim::explore, sim::check_determinism.
#include "runtime/os/fault_watch.hpp"
#include "runtime/sim/simulation.hpp"
#include "runtime/sim/watch.hpp"
#include "runtime/worker/launch.hpp"

#include <mote/error.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <ostream>
#include <type_traits>
#include <utility>

namespace mote::detail {

namespace {

template <class Number>
void check(const char* what, Number given, std::type_identity_t<Number> least, std::type_identity_t<Number> most) {
  if (given >= least && given <= most) return;
  throw usage_error(std::string("mote::sim::") + what + ": \"" + std::to_string(given) + "\" is not a whole number from " +
                    std::to_string(least) + " to " + std::to_string(most));
}

constexpr std::uint64_t any = ~std::uint64_t{0};

void check(const sim::options& given) {
  check("options::schedulers", given.schedulers, 1, 64);
  check("options::how, depth", given.how.depth, 1, 32);
  check("options::how, length", given.how.length, 1, any);
  check("options::how, preemptions", given.how.preemptions, 0, 16);
  check("options::how, kind", static_cast<unsigned>(given.how.how), 0, 3);
  check("options::most_steps", given.most_steps, 1, any / 2);
  check("options::stuck_after", std::int64_t{given.stuck_after.count()}, 1, 3'600'000);
  check("options::trace_lines", given.trace_lines, 0, 100'000);
}

void check(const sim::search& given) {
  constexpr std::int64_t year_s = 365 * 24 * 3600;
  check("search::seeds", given.seeds, 1, any);
  check("search::time", std::int64_t{given.time.count()}, 0, year_s);
}

options runtime_options(std::uint64_t seed, const sim::options& given, simulation& stage) {
  options wanted = given.runtime;
  wanted.schedulers = given.schedulers;
  wanted.deterministic_seed = seed;
  wanted.bind_schedulers = false;
  wanted.verbose = false;
  wanted.on_crash = [&stage, &given](const crash_report& report) {
    stage.crashed(report);
    if (given.runtime.on_crash) given.runtime.on_crash(report);
  };
  wanted.deadlock = deadlock_action::end;
  wanted.on_deadlock = [&stage, &given](const deadlock_report& report) {
    stage.stood(report);
    if (given.runtime.on_deadlock) given.runtime.on_deadlock(report);
  };
  return wanted;
}

/// One run, and what it needs to end: all of it stays for good when the run stays away.
struct staged_run {
  staged_run(std::uint64_t seed, const sim::options& wanted, const run_trace* follows)
      : given(wanted), stage(seed, given, follows), home(runtime_options(seed, given, stage), 0, nullptr, &stage) {
    home.tells_first_end = false;
    prepare_family(home);
    stage.attach(home);
  }
  const sim::options given;
  simulation stage;
  runtime home;
};

class staged {
 public:
  staged(std::uint64_t seed, const sim::options& given, const run_trace* follows = nullptr)
      : run_(std::make_unique<staged_run>(seed, given, follows)) {}
  staged(const staged&) = delete;
  staged& operator=(const staged&) = delete;
  ~staged() {
    if (stays_) static_cast<void>(run_.release());
  }

  simulation& stage() noexcept { return run_->stage; }

  sim::result play(simulated_main main) {
    std::optional<fault_watch> faults;
    if (run_->given.runtime.catch_stack_overflow.value_or(true)) faults.emplace(&catch_overflow);
    std::string away;
    int code = 0;
    {
      stuck_watch watch([this] { return stage().steps(); }, run_->given.stuck_after, [&](std::string frames) {
        away = std::move(frames);
        run_->home.schedulers.conducted()->give_up();
      });
      stage().on_first_step = [&watch] { watch.begins_here(); };
      code = run_->home.run_main(main.call, main.main);
    }
    if (run_->home.schedulers.conducted()->has_ended() && run_->home.schedulers.stop()) return stage().outcome(code);
    return stayed_away(away);
  }

 private:
  // The thread that could still write there is stopped.
  sim::result stayed_away(const std::string& frames) {
    simulation& stage = run_->stage;
    stage.fail("no step in " + std::to_string(run_->given.stuck_after.count()) + " ms of real time: " +
               stage.trace().name_of(stage.running()) + " is in a loop or a call that blocks, its last call to the runtime was " +
               stage.calling());
    sim::result all = stage.outcome(0);
    all.trace += frames;
    stays_ = true;
    return all;
  }

  std::unique_ptr<staged_run> run_;
  bool stays_ = false;
};

sim::result run_quietly(std::uint64_t seed, simulated_main main, const sim::options& given) {
  staged one(seed, given);
  return one.play(main);
}

void print(const std::string& text) { std::fprintf(stderr, "%s", text.c_str()); }

}  // namespace

sim::result simulate(std::uint64_t seed, simulated_main main, const sim::options& given) {
  check(given);
  if (current_core() != nullptr) throw usage_error("mote::sim::run: called inside a process");
  sim::result all = run_quietly(seed, main, given);
  if (all.failed && given.prints) print(to_string(all));
  return all;
}

// ---- explore ----

namespace {

/// Looks for a simpler run that fails.
class shrinker {
 public:
  shrinker(simulated_main main, sim::findings& found, const std::function<bool()>& in_time) noexcept
      : main_(main), found_(found), in_time_(in_time) {}

  void run() {
    using rate = std::uint32_t sim::faults::*;
    constexpr rate all[] = {&sim::faults::kill_one_in, &sim::faults::refuse_memory_one_in,
                            &sim::faults::slow_one_in, &sim::faults::delay_one_in,
                            &sim::faults::reset_one_in, &sim::faults::end_os_process_one_in};
    for (const rate one : all) fewer_faults(one);
    while (found_.with.schedulers > 1 && try_with([](sim::options& o) { o.schedulers = o.schedulers / 2; })) {}
    if (found_.with.how.how != sim::strategy::kind::pct) return;
    while (found_.with.how.depth > 1 && try_with([](sim::options& o) { --o.how.depth; })) {}
  }

 private:
  static constexpr std::uint64_t tries = 50;  // seeds for each simpler way

  // None of them, or at least fewer.
  void fewer_faults(std::uint32_t sim::faults::*rate) {
    if (found_.with.what_fails.*rate == 0 || try_with([rate](sim::options& o) { o.what_fails.*rate = 0; })) return;
    while (found_.with.what_fails.*rate < 1u << 20 && try_with([rate](sim::options& o) { o.what_fails.*rate *= 4; })) {}
  }

  template <class Change>
  bool try_with(Change&& change) {
    sim::options simpler = found_.with;
    change(simpler);
    const std::uint64_t first = found_.failure->seed;
    for (std::uint64_t seed = first; seed < first + tries && in_time_(); ++seed, ++found_.runs) {
      sim::result again = run_quietly(seed, main_, simpler);
      if (!again.failed) continue;
      found_.failure = std::move(again);
      found_.with = simpler;
      return true;
    }
    return false;
  }

  const simulated_main main_;
  sim::findings& found_;
  const std::function<bool()>& in_time_;
};

// Whether those were all.
bool explore_schedules(simulated_main main, const sim::search& what, sim::options given, sim::findings& found,
                       const std::function<bool()>& in_time) {
  bool all_listed = true;
  while (found.runs < what.seeds && in_time()) {
    sim::result one = run_quietly(what.first_seed, main, given);
    ++found.runs;
    all_listed &= one.drawn == 0;
    std::vector<std::uint32_t> following = next_schedule::after(one.choices);
    if (one.failed) {
      found.with.choices = one.choices;
      found.failure = std::move(one);
      return false;
    }
    if (following.empty()) return all_listed;
    given.choices = std::move(following);
  }
  return false;
}

}  // namespace

sim::findings explore_simulated(simulated_main main, const sim::search& what, const sim::options& given) {
  check(given);
  check(what);
  if (current_core() != nullptr) throw usage_error("mote::sim::explore: called inside a process");
  sim::findings found;
  found.with = given;
  const auto begun = std::chrono::steady_clock::now();
  const std::function<bool()> in_time = [&] {
    return what.time.count() == 0 || std::chrono::steady_clock::now() - begun < what.time;
  };
  if (given.how.how == sim::strategy::kind::exhaustive) {
    found.complete = explore_schedules(main, what, given, found, in_time);
  } else {
    for (std::uint64_t i = 0; i < what.seeds && !found.failure && in_time(); ++i) {
      sim::result one = run_quietly(what.first_seed + i, main, given);
      ++found.runs;
      if (one.failed) found.failure = std::move(one);
    }
    if (found.failure && what.shrinks) shrinker(main, found, in_time).run();
  }
  if (found.failure && given.prints) print(to_string(found));
  return found;
}

// ---- check_determinism ----

sim::difference compare_simulated(std::uint64_t seed, simulated_main main, const sim::options& given) {
  check(given);
  if (current_core() != nullptr) throw usage_error("mote::sim::check_determinism: called inside a process");
  sim::options quiet = given;
  quiet.prints = false;
  quiet.trace_lines = 12;
  staged first(seed, quiet);
  first.stage().trace().record_all();
  const sim::result one = first.play(main);
  staged second(seed, quiet, &first.stage().trace());
  static_cast<void>(second.play(main));
  const run_trace &before = first.stage().trace(), &after = second.stage().trace();
  sim::difference all;
  all.trace_hash = one.trace_hash;
  if (const auto& parted = after.parted()) {
    all = {true, parted->number, before.told_at(parted->number), parted->told, parted->before, one.trace_hash};
  } else if (after.count() != before.count()) {
    all = {true, after.count(), before.told_at(after.count()), {}, after.told(), one.trace_hash};
  }
  if (all.found && given.prints) print(to_string(all));
  return all;
}

}  // namespace mote::detail

namespace mote::sim {

namespace {

std::string told(strategy how) {
  switch (how.how) {
    case strategy::kind::uniform:
      return "uniform";
    case strategy::kind::pct:
      return "pct(" + std::to_string(how.depth) + ", " + std::to_string(how.length) + ")";
    case strategy::kind::round_robin:
      return "round_robin";
    case strategy::kind::exhaustive:
      return "exhaustive(" + std::to_string(how.preemptions) + ")";
  }
  return {};
}

std::string told(const faults& what) {
  std::string all;
  const auto one = [&all](const char* name, std::uint32_t rate) {
    if (rate != 0) all.append(", ").append(name).append(" ").append(std::to_string(rate));
  };
  one("kill_one_in", what.kill_one_in);
  one("refuse_memory_one_in", what.refuse_memory_one_in);
  one("slow_one_in", what.slow_one_in);
  one("delay_one_in", what.delay_one_in);
  one("reset_one_in", what.reset_one_in);
  one("end_os_process_one_in", what.end_os_process_one_in);
  return all;
}

}  // namespace

std::string to_string(const result& what) {
  char hash[32];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(what.trace_hash));
  const std::string run = "mote: simulation, seed " + std::to_string(what.seed) + ": ";
  const std::string figures = std::to_string(what.steps) + " steps, " + std::to_string(what.kills) + " kills, " +
                              std::to_string(what.other_faults) + " other faults, trace " + hash;
  if (!what.failed) return run + "went well (" + figures + ")\n";
  return run + "FAILED: " + what.why + "\n  (" + figures + "; the last events:)\n" + what.trace;
}

std::string to_string(const findings& what) {
  const std::string runs = std::to_string(what.runs) + " runs";
  if (!what.failure) return "mote: simulation: " + runs + ", none failed" + (what.complete ? "; there are no more\n" : "\n");
  std::string choices;
  for (const std::uint32_t one : what.with.choices) choices.append(choices.empty() ? "" : ", ").append(std::to_string(one));
  return to_string(*what.failure) + "  found in " + runs + "; to repeat it: sim::run(" + std::to_string(what.failure->seed) +
         ", main, options) with schedulers " + std::to_string(what.with.schedulers) + ", how " + told(what.with.how) +
         told(what.with.what_fails) + (choices.empty() ? "" : ", choices {" + choices + "}") + "\n";
}

std::string to_string(const difference& what) {
  if (!what.found) return "mote: simulation: both runs were the same\n";
  const auto or_end = [](const std::string& text) { return text.empty() ? "(the run was over)" : text; };
  return "mote: simulation: two runs with one seed differ at event " + std::to_string(what.event) + "\n  first:  " +
         or_end(what.first) + "\n  second: " + or_end(what.second) + "\n  before it:\n" + what.before;
}

std::ostream& operator<<(std::ostream& out, const result& what) { return out << to_string(what); }
std::ostream& operator<<(std::ostream& out, const findings& what) { return out << to_string(what); }
std::ostream& operator<<(std::ostream& out, const difference& what) { return out << to_string(what); }

}  // namespace mote::sim
