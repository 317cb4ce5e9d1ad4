// One process computes and never enters the runtime, or eight do; another sleeps for 1 ms again and again. How late does it wake?
// When it does not wake once in three seconds, the figure is `starved`. The first wake-ups are late by what it takes until the
// runtime has dealt with each that computes, and count like the others.
#include "bench/harness.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace bench {

namespace {

using namespace std::chrono_literals;

// The flag ends the hogs after the measurement, which nothing else might.
struct state {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> sleeps{0};
  bool starved = false;
};

void hog(const mote::unsafe_share<state>& shared) {
  std::uint64_t x = 1;
  while (!shared->stop.load(std::memory_order_relaxed)) x = x * 6364136223846793005u | 1;
}

// A plain thread, which nobody can starve: ends the hog once three seconds bring no sleep more.
class watchdog {
 public:
  explicit watchdog(state& watched) : watched_(watched), thread_([this] { watch(); }) {}
  ~watchdog() {
    {
      const std::lock_guard lock(mutex_);
      over_ = true;
    }
    woken_.notify_one();
    thread_.join();
  }

 private:
  void watch() {
    std::unique_lock lock(mutex_);
    std::uint64_t before = 0;
    while (!woken_.wait_for(lock, 3s, [this] { return over_; })) {
      const std::uint64_t sleeps = watched_.sleeps.load();
      if (sleeps == before) {
        watched_.starved = true;
        break;
      }
      before = sleeps;
    }
    watched_.stop.store(true);
  }

  state& watched_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool over_ = false;
  std::thread thread_;
};

std::vector<std::int64_t> sleep_beside(unsigned hogs, state& shared, std::uint64_t count) {
  std::vector<std::int64_t> late;
  const watchdog dog(shared);
  for (unsigned i = 0; i < hogs; ++i) mote::spawn_link(hog, mote::unsafe_share<state>(&shared));
  while (late.size() < count && !shared.stop.load()) {
    const std::int64_t begin = clock_ns();
    mote::sleep_for(1ms);
    late.push_back(clock_ns() - begin - 1'000'000);
    shared.sleeps.fetch_add(1);
  }
  return late;
}

template <unsigned Hogs>
void run(const trial& now) {
  // Static: the hogs may look at it until the runtime has ended.
  static state shared;
  std::vector<std::int64_t> late = sleep_beside(Hogs, shared, now.count());
  if (shared.starved) return now.report("starved", 1, "bool");
  std::sort(late.begin(), late.end());
  now.report("late_p50", percentile(late, 0.5) / 1e6, "ms");
  now.report("late_p99", percentile(late, 0.99) / 1e6, "ms");
}

}  // namespace

extern const workload fairness{"fairness", "sleeps beside a process that never lets go", 200, run<1>};
extern const workload fairness_8_hogs{"fairness_8_hogs", "sleeps beside eight processes that never let go", 1000, run<8>};

}  // namespace bench
