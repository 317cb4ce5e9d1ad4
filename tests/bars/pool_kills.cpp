// Bar 33. A supervised pool of isolated processes, one of which is killed (SIGKILL to its OS process) again and again, at moments
// drawn at random: while it starts, while it has nothing to do, while it works, when it has just answered. Each task is answered
// once, or told as lost by the end of whom it was given to; the pool is whole again; both within a second (with --timed). No OS
// process is left over, alive or as a zombie.
// Hit: a kill, of the kind that was seldom hit.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <vector>

#include <unistd.h>

namespace bars {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t pool_size = 3;
constexpr std::int64_t limit_ns = 1'000'000'000;
constexpr std::int64_t most_ns = 10'000'000'000;  // by then it will not come

struct ready {
  mote::pid process;
  std::uint32_t place;
  int os_process;
};
struct task {
  mote::pid from;
  std::uint64_t number;
};
struct result {
  std::uint64_t number;
};

void work(mote::pid judge, std::uint32_t place) {
  mote::send(judge, ready{mote::self(), place, static_cast<int>(::getpid())});
  for (;;) {
    const task given = mote::receive<task>();
    spin_for(static_cast<std::int64_t>(given.number * 7919 % 200'000));
    mote::send(given.from, result{given.number});
  }
}

std::vector<int> children_of(int number) {
  std::ifstream list("/proc/" + std::to_string(number) + "/task/" + std::to_string(number) + "/children");
  return {std::istream_iterator<int>(list), {}};
}

int parent_of(int number) {
  std::ifstream facts("/proc/" + std::to_string(number) + "/stat");
  std::string skipped, state;
  int parent = 0;
  facts >> skipped >> skipped >> state >> parent;
  return parent;
}

/// What a kill came upon.
enum class phase : std::uint8_t { starting, idle, at_work, answered };
constexpr std::array<const char*, 4> phase_names{"starting", "idle", "at work", "just answered"};

class judge {
 public:
  explicit judge(const trial& now) : now_(now), random_(now.seed) {}

  void run() {
    std::vector<mote::child_spec> specs;
    for (std::uint32_t i = 0; i < pool_size; ++i) {
      specs.push_back(mote::child(std::to_string(i), mote::isolated, work, mote::self(), i));
      specs.back().restart = mote::restart::transient;  // one that is killed has not ended as it should
    }
    const mote::supervisor pool = mote::start_supervisor({.intensity = 1'000'000, .period = 1h}, std::move(specs));
    if (!await([&] { return is_whole(); }, "the pool does not start")) return;
    starter_ = parent_of(workers_[0].os_process);
    for (std::uint64_t point = 0; point < now_.count && wrong.count() == 0; ++point) {
      if (point % 4 == 0) {
        kill_at_its_start();
      } else {
        kill_one(point % 4 == 1);
      }
      await([&] { return outstanding_.empty(); }, "a task is neither answered nor told as lost");
      await([&] { return is_whole(); }, "the pool is not whole again");
      check_os_processes();
    }
    mote::stop(pool);
  }

  complaints wrong;
  std::array<std::uint64_t, 4> hits{};
  std::int64_t slowest_ns = 0;

 private:
  bool is_whole() const {
    return std::all_of(workers_.begin(), workers_.end(), [](const ready& one) { return one.process != mote::pid(); });
  }

  void give_tasks(std::uint32_t count) {
    for (; count != 0; --count) {
      const mote::pid to = workers_[random_.below(pool_size)].process;
      outstanding_[++last_task_] = to;
      mote::send(to, task{mote::self(), last_task_});
    }
  }

  std::uint64_t outstanding_of(mote::pid one) const {
    return static_cast<std::uint64_t>(
        std::count_if(outstanding_.begin(), outstanding_.end(), [&](const auto& each) { return each.second == one; }));
  }

  /// Deals with what has come, and waits for more until the time is up.
  void hear(std::chrono::nanoseconds most) {
    mote::receive(
        [&](const ready& one) {
          workers_[one.place] = one;
          mote::monitor(one.process);
        },
        [&](const result& one) {
          if (outstanding_.erase(one.number) != 0) return;
          wrong.add("task %llu is answered twice, or after it was lost", static_cast<unsigned long long>(one.number));
        },
        [&](const mote::down& news) {
          lost_ = outstanding_of(news.from);
          std::erase_if(outstanding_, [&](const auto& each) { return each.second == news.from; });
          for (ready& one : workers_) {
            if (one.process == news.from) one.process = {};
          }
        },
        mote::after(most, [] {}));
  }

  template <class Condition>
  bool await(Condition holds, const char* what) {
    const std::int64_t begun = clock_ns();
    std::int64_t took = 0;
    while (!holds() && (took = clock_ns() - begun) < most_ns) hear(50us);
    slowest_ns = std::max(slowest_ns, took);
    if (took < (now_.timed ? limit_ns : most_ns)) return true;
    wrong.add("%s after %s", what, milliseconds(took).c_str());
    return false;
  }

  void let_time_pass(std::int64_t ns) {
    for (const std::int64_t end = clock_ns() + ns; clock_ns() < end;) hear(0ns);
  }

  // Of one that has begun, whatever it does.
  void kill_one(bool idle) {
    const ready victim = workers_[random_.below(pool_size)];
    if (!idle) give_tasks(1 + random_.below(3 * pool_size));
    const std::uint64_t given = outstanding_of(victim.process);
    if (given != 0 && random_.below(3) == 0) await([&] { return outstanding_of(victim.process) == 0; }, "a task is not answered");
    let_time_pass(random_.below(600'000));
    lost_ = 0;
    ::kill(victim.os_process, SIGKILL);
    await([&] { return workers_[victim.place].process != victim.process; }, "an end is not told");
    ++hits[static_cast<std::size_t>(given == 0 ? phase::idle : lost_ != 0 ? phase::at_work : phase::answered)];
  }

  // The one that is started in a killed one's place.
  void kill_at_its_start() {
    const std::vector<int> known = children_of(starter_);
    const std::uint32_t place = random_.below(pool_size);
    const ready first = workers_[place];
    ::kill(first.os_process, SIGKILL);
    int next = 0;
    await([&] {
      for (const int each : children_of(starter_)) {
        if (std::find(known.begin(), known.end(), each) == known.end()) next = each;
      }
      return next != 0;
    }, "no other is started");
    let_time_pass(random_.below(400'000));
    if (next == 0) return;
    const bool begun = workers_[place].os_process == next;
    ::kill(next, SIGKILL);
    await([&] {
      const std::vector<int> all = children_of(starter_);
      return std::find(all.begin(), all.end(), next) == all.end();
    }, "it is not reaped");
    if (begun) await([&] { return workers_[place].os_process != next; }, "an end is not told");
    ++hits[static_cast<std::size_t>(begun ? phase::idle : phase::starting)];
  }

  // The starter's children are the pool's, and no others: neither one that was killed nor its zombie.
  void check_os_processes() {
    if (wrong.count() != 0) return;
    await([&] {
      std::vector<int> all = children_of(starter_), ours;
      for (const ready& one : workers_) ours.push_back(one.os_process);
      std::sort(all.begin(), all.end());
      std::sort(ours.begin(), ours.end());
      return all == ours;
    }, "an OS process is left over");
  }

  const trial now_;
  random_numbers random_;
  std::array<ready, pool_size> workers_{};
  std::map<std::uint64_t, mote::pid> outstanding_;  // tasks, by number
  std::uint64_t last_task_ = 0, lost_ = 0;
  int starter_ = 0;
};

verdict run(const trial& now) {
  judge all(now);
  mote::run([&] { all.run(); }, {.schedulers = 2, .max_processes = 4096, .on_crash = [](const mote::crash_report&) {}});
  for (std::size_t i = 0; i < phase_names.size(); ++i) {
    std::fprintf(stderr, "  killed %s: %llu\n", phase_names[i], static_cast<unsigned long long>(all.hits[i]));
  }
  return {all.wrong.count(), *std::min_element(all.hits.begin(), all.hits.end()), milliseconds(all.slowest_ns)};
}

}  // namespace

extern const bar pool_kills{"33", "kills of an isolated process of a supervised pool", 1000, 100, run};

}  // namespace bars
