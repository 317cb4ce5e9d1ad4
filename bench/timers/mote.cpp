// A million processes sleep for 1 to 1000 ms each: how long until all are through, and how late they woke.
#include "bench/harness.hpp"

#include <algorithm>
#include <numeric>

namespace bench {

namespace {

// Each process writes its own entry of late_ns.
struct results {
  explicit results(std::uint64_t count) : late_ns(count), group(count) {}
  std::vector<std::int64_t> late_ns;
  wait_group group;
};

void sleep_once(const mote::unsafe_share<results>& all, std::uint64_t index, std::chrono::milliseconds duration) {
  const std::int64_t begin = clock_ns();
  mote::sleep_for(duration);
  all->late_ns[index] = clock_ns() - begin - std::chrono::nanoseconds(duration).count();
  all->group.done();
}

void run(const trial& now) {
  results all(now.count());
  lehmer random(42);
  const stopwatch time;
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    const std::chrono::milliseconds duration(1 + random.next() % 1000);
    mote::spawn_link(sleep_once, mote::unsafe_share<results>(&all), i, duration);
  }
  const double spawn_ms = time.milliseconds();
  all.group.wait();
  const double wall_ms = time.milliseconds();

  std::vector<std::int64_t>& late = all.late_ns;
  const double sum = std::accumulate(late.begin(), late.end(), 0.0);
  std::sort(late.begin(), late.end());
  now.report("spawn_loop", spawn_ms, "ms");
  now.report("wall", wall_ms, "ms");
  now.report("late_mean", sum / static_cast<double>(late.size()) / 1e6, "ms");
  now.report("late_p99", percentile(late, 0.99) / 1e6, "ms");
}

}  // namespace

extern const workload timers{"timers", "processes that sleep at the same time", 1'000'000, run};

}  // namespace bench
