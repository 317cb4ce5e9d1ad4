// Bar 26. A process that never lets go of its scheduler, in a loop, in a read or waiting for a semaphore, alone or eight at once: the
// others go on beside it, and a report names each, with what it was doing.
// Hit: a process that lost its scheduler, and was still out when the others had gone on.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <semaphore>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

// From its last call to the hand-off 10 to 15 ms, and something for the machine.
constexpr std::int64_t most_late_ns = 30'000'000;
constexpr int others_turns = 5;

std::atomic<bool> enough;
std::counting_semaphore<> gate{0};
std::array<int, 2> ends;

}  // namespace

// The names that the reports must tell.
[[gnu::noinline]] void compute_on_and_on() {
  while (!enough.load(std::memory_order_relaxed)) {}
}
[[gnu::noinline]] bool read_on_and_on() {
  char byte = 0;
  return ::read(ends[0], &byte, 1) == 1;
}
[[gnu::noinline]] void wait_at_the_gate() {
  gate.acquire();
  __asm__ volatile("");  // no tail call, which would leave no frame to name
}

namespace {

void computes() { compute_on_and_on(); }
void reads() {
  if (!read_on_and_on()) mote::exit(mote::reason::error("no byte"));
}
void waits() { wait_at_the_gate(); }

struct kind {
  void (*body)();
  const char* name;
};
constexpr std::array kinds{kind{computes, "compute_on_and_on"}, kind{reads, "read_on_and_on"}, kind{waits, "wait_at_the_gate"}};

/// The reports of a run. Any thread.
class reports {
 public:
  void add(const mote::handoff_report& one) {
    const std::lock_guard hold(lock_);
    seen_.push_back(one);
  }
  std::size_t count() const {
    const std::lock_guard hold(lock_);
    return seen_.size();
  }
  std::vector<mote::handoff_report> take() {
    const std::lock_guard hold(lock_);
    return std::exchange(seen_, {});
  }

 private:
  mutable std::mutex lock_;
  std::vector<mote::handoff_report> seen_;
};

// Sleeps beside them until each is out and reported, or for some seconds; the worst lateness, and how many were out.
std::int64_t go_on_beside(const std::vector<mote::pid>& hogs, const reports& told, std::uint64_t& hits) {
  constexpr int most_turns = 5000;
  std::int64_t worst = 0;
  for (int turns = 0; turns < others_turns || (told.count() < hogs.size() && turns < most_turns); ++turns) {
    const std::int64_t begun = clock_ns();
    mote::sleep_for(1ms);
    worst = std::max(worst, clock_ns() - begun - 1'000'000);
  }
  for (const mote::pid one : hogs) {
    const auto seen = mote::info(one);
    hits += seen && seen->handoffs != 0 ? 1 : 0;
  }
  return worst;
}

std::int64_t one_round(const kind& chosen, unsigned count, const reports& told, std::uint64_t& hits) {
  enough = false;
  std::vector<mote::pid> hogs;
  std::vector<mote::ref> watches;
  for (unsigned i = 0; i < count; ++i) {
    const auto [who, watch] = mote::spawn_monitor({.label = chosen.name}, chosen.body);
    hogs.push_back(who);
    watches.push_back(watch);
  }
  const std::int64_t worst = go_on_beside(hogs, told, hits);
  enough = true;
  if (chosen.body == waits) gate.release(count);
  for (unsigned i = 0; chosen.body == reads && i < count; ++i) {
    if (::write(ends[1], "x", 1) != 1) mote::exit(mote::reason::error("no room in a pipe"));
  }
  for (std::size_t i = 0; i < watches.size(); ++i) mote::receive<mote::down>();
  return worst;
}

void check(const kind& chosen, unsigned count, const std::vector<mote::handoff_report>& told, complaints& wrong) {
  const auto named = std::ranges::count_if(told, [&](const mote::handoff_report& one) {
    return one.label == chosen.name && one.held >= 10ms && one.where.find(chosen.name) != std::string::npos;
  });
  if (named >= count) return;
  wrong.add("%u that %s: %zu reports, %td of them name it and where it is; the first: %s", count, chosen.name, told.size(), named,
            told.empty() ? "" : told[0].where.c_str());
}

verdict run(const trial& now) {
  complaints wrong;
  reports told;
  random_numbers random(now.seed);
  std::uint64_t hits = 0;
  std::int64_t worst = 0;
  if (::pipe(ends.data()) != 0) return {1, 0, "no_pipe"};
  for (std::uint64_t i = 0; i < now.count; ++i) {
    const kind& chosen = kinds[random.below(kinds.size())];
    const unsigned hogs = random.below(4) == 0 ? 8 : 1;
    mote::options given{.schedulers = 1 + random.below(2), .max_processes = 1024};
    given.on_handoff = [&told](const mote::handoff_report& one) { told.add(one); };
    std::int64_t late = 0;
    if (mote::run([&] { late = one_round(chosen, hogs, told, hits); }, given) != 0) wrong.add("a round ended by an error");
    if (now.timed && late > most_late_ns) wrong.add("%u that %s: another was %s late", hogs, chosen.name, milliseconds(late).c_str());
    worst = std::max(worst, late);
    check(chosen, hogs, told.take(), wrong);
  }
  ::close(ends[0]);
  ::close(ends[1]);
  return {wrong.count(), hits, std::to_string(wrong.count()) + "_wrong," + milliseconds(worst) + "_late"};
}

}  // namespace

extern const bar hogs{"26", "rounds beside one process that never lets go, or eight", 300, 12, run};

}  // namespace bars
