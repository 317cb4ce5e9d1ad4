// Bars 1, 2 and 39. A program under chaos, simulated: 44 peers that send, watch, link, sleep, time out, spawn, fail, and a tree
// of supervisors with 16 processes; any of them is killed at any step. 1: no message is lost, doubled or reordered between a pair,
// each monitor brings one `down`, each link one exit, and nobody is left at the end. 2: the same seed gives the same run. 39: a
// day of virtual time, full of it, and the same program for half an hour on threads, where one process in ten is killed by
// another: there memory must not grow, either.
// Hit: of 1 and 39, a kill; of 2, a step that was repeated.
#include "bar.hpp"

#include <mote/mote.hpp>
#include <mote/sim.hpp>

#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t peers = 44;

struct roster {
  std::vector<mote::pid> all;
  std::uint32_t own;
};
struct numbered {
  std::uint32_t from, number;
};
struct tick {};

// How many of one peer's messages another's mailbox took. What a process writes here just after the call nobody else does.
using counts = std::array<std::array<std::atomic<std::uint32_t>, peers>, peers>;
counts taken;
std::atomic<std::uint64_t> kills_on_threads{0};

// Of a process whose end tells nobody, too.
std::atomic<std::uint64_t> violations{0};

[[noreturn]] void violated(const std::string& what) {
  if (violations++ == 0) std::fprintf(stderr, "  violated: %s\n", what.c_str());
  throw std::runtime_error("violated: " + what);
}
void hold(bool holds, const char* what) {
  if (!holds) violated(what);
}

/// One that watches others: what it has been told of them, and what it is still to be told.
class ledger {
 public:
  void watch(mote::pid who, std::optional<std::uint32_t> peer) { watched_[mote::monitor(who)] = peer; }
  void tie(mote::pid who) {
    if (linked_.try_emplace(who, 0).second) mote::link(who);
  }
  void note(const numbered& mail) { hold(mail.number == ++seen_[mail.from], "messages of one sender come in order, none twice"); }
  void note(const mote::exited& news) { hold(++linked_[news.from] == 1, "one link brings one exit"); }
  // Before the `down` comes all that was sent before.
  void note(const mote::down& news, std::uint32_t own) {
    const auto known = watched_.find(news.monitor);
    hold(known != watched_.end(), "one monitor brings one down");
    if (known->second && news.why != mote::reason::noproc) {
      const std::uint32_t from = *known->second;
      hold(seen_[from] == taken[from][own].load(), "no message is lost");
    }
    watched_.erase(known);
  }
  bool waits_for_more() const {
    if (!watched_.empty()) return true;
    for (const auto& [who, news] : linked_) {
      if (news == 0) return true;
    }
    return false;
  }
  /// Whatever comes next, for so long.
  void listen(std::chrono::nanoseconds time, std::uint32_t own) {
    mote::receive([&](numbered mail) { note(mail); }, [&](const mote::exited& news) { note(news); },
                  [&](const mote::down& news) { note(news, own); }, mote::after(time, [] {}));
  }

 private:
  std::map<mote::ref, std::optional<std::uint32_t>> watched_;
  std::map<mote::pid, int> linked_;
  std::array<std::uint32_t, peers> seen_{};
};

void say_something(const roster& known, std::array<std::uint32_t, peers>& said, std::uint32_t to) {
  if (mote::try_send(known.all[to], numbered{known.own, said[to] + 1}) != mote::send_result::delivered) return;
  ++said[to];
  ++taken[known.own][to];
}

// Watches and links only those with a smaller number, so that no two wait for each other's end.
void act(std::uint64_t seed, int deeds) {
  random_numbers random(seed);
  const roster known = mote::receive<roster>();
  const bool traps = random.below(2) == 0;
  mote::trap_exit(traps);
  ledger mine;
  std::array<std::uint32_t, peers> said{};
  for (int i = 0; i < deeds; ++i) {
    const std::uint32_t other = random.below(peers), smaller = known.own == 0 ? 0 : random.below(known.own);
    switch (random.below(12)) {
      case 0:
        if (known.own != 0) mine.watch(known.all[smaller], smaller);
        break;
      case 1:
        if (traps && known.own != 0) mine.tie(known.all[smaller]);
        break;
      case 2:
        mote::sleep_for(std::chrono::microseconds(random.below(50)));
        break;
      case 3:
        mine.listen(std::chrono::microseconds(random.below(20)), known.own);
        break;
      case 4:
        mote::spawn_link([] { mote::sleep_for(5us); });
        break;
      case 5:
        if (random.below(8) == 0) mote::exit(mote::reason::error("as it happens"));
        break;
      case 6:
        mote::yield();
        break;
      default:
        if (other != known.own) say_something(known, said, other);
    }
  }
  while (mine.waits_for_more()) mine.listen(1h, known.own);
}

struct counter {
  int ticks = 0;
  void handle_cast(tick) { ++ticks; }
};

std::vector<mote::child_spec> tree() {
  std::vector<mote::child_spec> tops;
  for (const char* top : {"a", "b", "c"}) {
    std::vector<mote::child_spec> leaves;
    for (const char* leaf : {"1", "2", "3", "4"}) leaves.push_back(mote::child<counter>(leaf));
    tops.push_back(mote::supervisor_child(top, {1'000'000, 5s}, std::move(leaves)));
  }
  return tops;
}

// A child may be killed as it begins; then its supervisor does not come to be.
std::optional<mote::supervisor> plant_tree() {
  for (int tries = 0; tries < 5; ++tries) {
    try {
      return mote::start_supervisor({1'000'000, 5s}, tree());
    } catch (const mote::start_failed&) {
    }
  }
  return std::nullopt;
}

void wait_until_alone() {
  for (int tries = 0; mote::processes().size() > 1; ++tries) {
    hold(tries < 10'000, "nobody is left");
    mote::sleep_for(1ms);
  }
}

// Kills about one in ten of all but the judge, one after the other.
void kill_some(std::uint64_t seed, mote::pid judge) {
  random_numbers random(seed);
  for (std::size_t i = 0; i < (peers + 16) / 10; ++i) {
    mote::sleep_for(std::chrono::microseconds(random.below(200)));
    const std::vector<mote::pid> all = mote::processes();
    const mote::pid victim = all[random.below(static_cast<std::uint32_t>(all.size()))];
    if (victim == judge || victim == mote::self()) continue;
    mote::kill(victim);
    ++kills_on_threads;
  }
}

void scene(std::uint64_t seed, int deeds, bool with_killer = false) {
  for (auto& row : taken) {
    for (auto& one : row) one = 0;
  }
  random_numbers random(seed);
  mote::trap_exit(true);
  const std::optional<mote::supervisor> top = plant_tree();
  ledger mine;
  std::vector<mote::pid> all;
  for (std::size_t i = 0; i < peers; ++i) all.push_back(mote::spawn(act, random.next(), deeds));
  for (std::uint32_t i = 0; i < peers; ++i) {
    mine.watch(all[i], std::nullopt);
    if (i % 3 == 0) mine.tie(all[i]);
    mote::send(all[i], roster{all, i});
    if (i % 2 == 0) mine.watch(all[i], std::nullopt);
  }
  if (with_killer) mote::spawn(kill_some, random.next(), mote::self());
  while (mine.waits_for_more()) {
    mote::receive([&](const mote::exited& news) {
                    if (!top || news.from != top->id()) mine.note(news);
                  },
                  [&](const mote::down& news) { mine.note(news, 0); });
  }
  if (top) mote::exit(top->id(), mote::reason::shutdown);
  wait_until_alone();
}

mote::sim::options chaos(std::uint64_t seed, unsigned schedulers) {
  mote::sim::options given{.schedulers = schedulers, .crashes_fail = false};
  if (seed % 3 == 0) given.how = mote::sim::pct(3, 5'000);
  given.what_fails = {.kill_one_in = 150, .slow_one_in = 500};
  given.runtime.max_processes = 1024;
  given.runtime.on_crash = [](const mote::crash_report&) {};
  return given;
}

constexpr double longest_s = 600;  // of 10,000 seeds

verdict run_chaos(const trial& now) {
  complaints wrong;
  std::uint64_t kills = 0, steps = 0;
  const std::int64_t begun = clock_ns();
  for (std::uint64_t seed = now.seed; seed < now.seed + now.count; ++seed) {
    const mote::sim::result one = mote::sim::run(seed, [seed] { scene(seed, 15); }, chaos(seed, 1 + seed % 4));
    if (!one) wrong.add("seed %llu: %s", static_cast<unsigned long long>(seed), one.why.c_str());
    if (violations.exchange(0) != 0) wrong.add("seed %llu: a promise was broken", static_cast<unsigned long long>(seed));
    kills += one.kills;
    steps += one.steps;
  }
  const double seconds = static_cast<double>(clock_ns() - begun) / 1e9;
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(steps) / seconds);
  std::fprintf(stderr, "  %llu steps in %.1f s\n", static_cast<unsigned long long>(steps), seconds);
  if (now.timed && rate < 200'000) wrong.add("fewer than 200000 steps a second");
  if (now.timed && seconds > longest_s * static_cast<double>(now.count) / 10'000) wrong.add("10000 seeds take more than 10 minutes");
  return {wrong.count(), kills, std::to_string(wrong.count()) + "_wrong,_" + std::to_string(rate) + "_steps/s"};
}

verdict run_twice(const trial& now) {
  complaints wrong;
  std::uint64_t steps = 0;
  for (std::uint64_t seed = now.seed; seed < now.seed + now.count; ++seed) {
    for (const unsigned schedulers : {1u, 2u, 4u}) {
      const auto once = [&] { return mote::sim::run(seed, [seed] { scene(seed, 15); }, chaos(seed, schedulers)); };
      const mote::sim::result first = once(), second = once();
      if (first.trace_hash != second.trace_hash || first.steps != second.steps) {
        wrong.add("seed %llu, %u schedulers: two runs differ", static_cast<unsigned long long>(seed), schedulers);
      }
      steps += second.steps;
    }
  }
  return {wrong.count(), steps, std::to_string(wrong.count()) + "_differ"};
}

// An hour after the other, each with its scenes.
void soak(std::uint64_t seed, std::uint64_t hours) {
  constexpr int scenes_an_hour = 60;
  const auto end = mote::now() + std::chrono::hours(hours);
  for (std::uint64_t round = 0; mote::now() < end; ++round) {
    scene(seed + round, 15);
    mote::sleep_for(std::chrono::minutes(60) / scenes_an_hour);
  }
}

std::uint64_t soak_in_simulation(const trial& now, complaints& wrong, std::string& figure) {
  mote::sim::options given = chaos(now.seed, 2);
  given.how = mote::sim::uniform;
  given.what_fails = {.kill_one_in = 10 * 150, .slow_one_in = 500};
  given.most_steps = now.count * 10'000'000;
  const mote::sim::result one = mote::sim::run(now.seed, [&] { soak(now.seed, now.count); }, given);
  if (!one) wrong.add("%s", one.why.c_str());
  const auto hours = std::chrono::duration_cast<std::chrono::hours>(one.virtual_time).count();
  if (one && static_cast<std::uint64_t>(hours) < now.count) wrong.add("only %ld hours", static_cast<long>(hours));
  figure = std::to_string(hours) + "_virtual_hours";
  return one.kills;
}

double resident_kib() {
  std::ifstream pages("/proc/self/statm");
  double all = 0, resident = 0;
  pages >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

/// The line through what was measured, by least squares.
class trend {
 public:
  void add(double x, double y) {
    ++count_;
    sum_x_ += x;
    sum_y_ += y;
    sum_xx_ += x * x;
    sum_xy_ += x * y;
  }
  double slope() const {
    const double spread = count_ * sum_xx_ - sum_x_ * sum_x_;
    return spread == 0 ? 0 : (count_ * sum_xy_ - sum_x_ * sum_y_) / spread;
  }

 private:
  double count_ = 0, sum_x_ = 0, sum_y_ = 0, sum_xx_ = 0, sum_xy_ = 0;
};

constexpr double most_growth_kib = 1024;  // in ten minutes

// Scene after scene. The first tenth is left out of the trend: then caches fill.
void soak_on_threads(const trial& now, complaints& wrong, std::string& figure) {
  const std::int64_t begun = clock_ns();
  const double length_s = static_cast<double>(now.seconds);
  trend memory;
  double measured_s = 0;
  std::uint64_t rounds = 0;
  for (double passed_s = 0; passed_s < length_s && violations == 0; ++rounds) {
    scene(now.seed + rounds, 15, true);
    passed_s = static_cast<double>(clock_ns() - begun) / 1e9;
    if (passed_s < length_s / 10 || passed_s < measured_s + 1) continue;
    measured_s = passed_s;
    memory.add(passed_s, resident_kib());
  }
  const double growth_kib = memory.slope() * 600;
  std::fprintf(stderr, "  %llu scenes on threads, %.0f KiB more in ten minutes\n", static_cast<unsigned long long>(rounds), growth_kib);
  if (now.timed && growth_kib >= most_growth_kib) wrong.add("memory grows by %.0f KiB in ten minutes", growth_kib);
  figure += ",_" + std::to_string(now.seconds) + "_s_on_threads";
}

verdict run_soak(const trial& now) {
  complaints wrong;
  std::string figure;
  const std::uint64_t simulated_kills = soak_in_simulation(now, wrong, figure);
  mote::run([&] { soak_on_threads(now, wrong, figure); },
            {.schedulers = 2, .max_processes = 1024, .on_crash = [](const mote::crash_report&) {}});
  if (violations != 0) wrong.add("a promise was broken");
  const std::uint64_t fewest = kills_on_threads == 0 ? 0 : simulated_kills;
  return {wrong.count(), fewest, figure};
}

}  // namespace

extern const bar chaos_in_simulation{"1", "seeds of chaos among 60 processes, simulated", 10'000, 150, run_chaos};
extern const bar determinism{"2", "of those seeds, twice each on 1, 2 and 4 schedulers", 1'000, 15, run_twice};
extern const bar virtual_soak{"39", "hours of virtual time, and half an hour on threads", 24, 2, run_soak, 1'800, 2};

}  // namespace bars
