// What a runtime does when nothing in it can ever happen again. Who finds that out: scheduler_group::quiet.
//
// L1  No false alarm. All schedulers are parked, nothing is ready, no timer is armed: so only what is outside of them can wake
//     anybody. A process that waits for the outside counts itself while it does (wait.cpp), a holder of a way in (a
//     runtime_handle) as long as it lives, and one that runs in another thread than a scheduler's is seen in the table. Each
//     stops counting only after what it stood for has made somebody ready, or cannot any more. Where one order holds for all
//     that happens nothing but a way in leads out of it: what is waited for is simulated too.
// O1  who stops counting itself (release) -> a look at the counts (acquire): it sees whom that one made ready before.
// L2  A deadlock is told once: if nobody has run since, nor can, nothing changes any more. Whoever is told may have woken
//     somebody, at any scheduler, armed a timer, or kept a way in: then it was none.
#include "runtime/observe/deadlock.hpp"

#include "runtime/observe/dump.hpp"
#include "runtime/observe/statistics.hpp"

#include <cstdio>
#include <cstdlib>
#include <new>
#include <unordered_map>

namespace mote::detail {

namespace {

constexpr std::size_t most_told = 100;

/// Who waits for whom: each for one at most, so every cycle is found by walking on from each.
class waits_for_graph {
 public:
  explicit waits_for_graph(std::span<const process_record> all) {
    for (const process_record& one : all) {
      if (one.waits_for_whom) next_[one.id] = {one.waits_for_whom, 0};
    }
  }
  std::vector<std::vector<pid>> cycles() {
    std::vector<std::vector<pid>> found;
    unsigned round = 0;
    for (const auto& begin : next_) {
      ++round;
      pid at = begin.first;
      for (auto step = next_.find(at); step != next_.end() && step->second.seen == 0; step = next_.find(at)) {
        step->second.seen = round;
        at = step->second.to;
      }
      const auto met = next_.find(at);
      if (met != next_.end() && met->second.seen == round) found.push_back(cycle_through(at));
    }
    return found;
  }

 private:
  struct wait_edge {
    pid to;
    unsigned seen = 0;  // the round that came by
  };
  std::vector<pid> cycle_through(pid first) {
    std::vector<pid> cycle{first};
    for (pid at = next_[first].to; at != first; at = next_[at].to) {
      cycle.push_back(at);
      next_[at].seen = ~0u;
    }
    next_[first].seen = ~0u;
    return cycle;
  }
  std::unordered_map<pid, wait_edge> next_;
};

std::string as_text(const deadlock_report& report) {
  std::string text = "mote: all processes are asleep - deadlock!\n";
  for (std::size_t i = 0; i < report.processes.size() && i < most_told; ++i) {
    const deadlocked_process& one = report.processes[i];
    text += "  " + to_string(one.process);
    if (!one.name.empty()) text += " \"" + one.name + "\"";
    if (!one.label.empty()) text += " (" + one.label + ")";
    text += " waits for " + one.what + "\n";
  }
  if (report.processes.size() > most_told) {
    text += "  and " + std::to_string(report.processes.size() - most_told) + " more\n";
  }
  for (const auto& cycle : report.cycles) {
    text += "  a cycle: ";
    for (const pid one : cycle) text += to_string(one) + " waits for ";
    text += to_string(cycle.front()) + "\n";
  }
  return text;
}

deadlock_report report_on(const snapshot& all) {
  deadlock_report report;
  for (const process_record& one : all.processes()) {
    report.processes.push_back({one.id, std::string(one.name.view()), std::string(one.label.view()), one.waits_for,
                                one.waits_for_whom, wait_as_text(one)});
  }
  report.cycles = waits_for_graph(all.processes()).cycles();
  report.text = as_text(report);
  return report;
}

void tell(core& here, bool whole) {
  runtime& home = here.home;
  const options& settings = home.settings;
  snapshot all(home);
  all.take(still_threads(home, {}, still_threads::whom::nobody), "a deadlock");
  const deadlock_report report = report_on(all);
  if (settings.on_deadlock) {
    for (std::uint32_t i = 0; i < home.table.carved(); ++i) tsan_acquire(&home.table.at(i));  // what they did before they waited
    const in_nobodys_name outside(here);
    try {
      settings.on_deadlock(report);
    } catch (...) {
      std::fputs("mote: options::on_deadlock threw\n", stderr);
    }
  } else {
    std::fputs(report.text.c_str(), stderr);
  }
  if (whole) std::fputs(all.as_text().c_str(), stderr);
}

// L1. Whether there is one that waits, and none that runs or comes to its end: one in a call that blocks, or in a loop, may have lost
// its scheduler to another thread.
bool all_wait(const runtime& home) noexcept {
  bool any = false;
  for (std::uint32_t index = 0; index < home.table.carved(); ++index) {
    const process& one = home.table.at(index);
    const activity doing = one.doing.load(acquire);  // finish.cpp, O1
    if (doing == activity::running || doing == activity::ready || doing == activity::exiting) return false;
    if (doing == activity::waiting && !one.has(process_flags::hidden)) any = true;
  }
  return any;
}

bool anybody_unarmed(const runtime& home) noexcept {
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) {
    if (static_cast<const core&>(home.schedulers[i]).unarmed.count != 0) return true;
  }
  return false;
}

// L1 O1. Asked also after a user's code has run here.
bool can_be_woken(const runtime& home) noexcept {
  if (home.ways_in.load(acquire) != 0 || current_core()->timers().size() != 0) return true;  // O1
  return !home.settings.deterministic_seed && (home.outside_waits.load(acquire) != 0 || anybody_unarmed(home));
}

/// What changes whenever somebody runs.
struct progress {
  process_counts processes;
  std::uint64_t reductions = 0;
  bool operator==(const progress&) const = default;
};

progress progress_of(const runtime& home) noexcept {
  progress sum{counts_of(home)};
  for (std::uint32_t index = 0; index < home.table.carved(); ++index) sum.reductions += home.table.at(index).reductions;
  return sum;
}

// The first time the first process is told, later everyone is killed. Throws std::bad_alloc.
void end_the_standing(core& here, bool all) {
  runtime& home = here.home;
  const reason why = reason::error("every process waits, and nothing is left that could wake one");
  for (std::uint32_t i = 0; i < home.table.carved(); ++i) {
    const std::uint64_t key = home.table.at(i).key();
    if (key == home.root_key || (!all && key != home.first_key)) continue;
    post_signal(here, key, {signal_kind::exit, 0, home.table.pid_of(key), 0, all ? reason::kill : why});
  }
}

}  // namespace

void stand_still(runtime& home) noexcept {
  if (home.first_key == 0) return;  // nothing has begun: the first process is on its way
  if (can_be_woken(home) || !all_wait(home)) return;
  core& here = *current_core();
  deadlock_history& before = home.deadlocks;
  const deadlock_action action = home.settings.deadlock;
  if (before.told && action != deadlock_action::end) return;  // L2
  if (action != deadlock_action::ignore && !before.told) {
    const progress so_far = progress_of(home);
    try {
      tell(here, action == deadlock_action::dump);
    } catch (const std::bad_alloc&) {
      std::fputs("mote: all processes are asleep - deadlock! There is no memory to say more\n", stderr);
    }
    before.told = !can_be_woken(home) && all_wait(home) && progress_of(home) == so_far;  // L2
    if (!before.told) return;
  }
  if (action == deadlock_action::abort) std::abort();
  if (action != deadlock_action::end) return;
  for (bool done = false; !done;) {
    try {
      end_the_standing(here, before.ends != 0);
      done = true;
    } catch (const std::bad_alloc&) {  // nobody inside can give memory back, so somebody outside must
    }
  }
  ++before.ends;
}

}  // namespace mote::detail
