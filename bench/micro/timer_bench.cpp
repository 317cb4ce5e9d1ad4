// The timer wheel: what arming, cancelling and firing cost while many others are pending.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <vector>

#include "runtime/time/timer_wheel.hpp"

namespace mote::detail {
namespace {

constexpr std::uint64_t ms = 1'000'000;

void count_fired(timer& fired) noexcept { ++*static_cast<std::uint64_t*>(fired.subject); }

// Waits of 1 to 1000 ms, the same each run.
std::vector<std::uint64_t> random_waits(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> waits(count);
  for (std::uint64_t& wait : waits) wait = random() % (999 * ms) + ms;
  return waits;
}

std::unique_ptr<timer_wheel> wheel_with(const std::vector<std::uint64_t>& waits, std::uint64_t& fired) {
  auto wheel = std::make_unique<timer_wheel>(0);
  for (const std::uint64_t wait : waits) wheel->arm(wait, count_fired, &fired, 0, nullptr);
  return wheel;
}

// A timeout that does not come to pass: arm and cancel, beside N others. Worry above 30 ns, or if it grows with N by more
// than the cache misses of the slot's last timer.
void arm_and_cancel(benchmark::State& state) {
  std::uint64_t fired = 0;
  const auto wheel = wheel_with(random_waits(static_cast<std::size_t>(state.range(0))), fired);
  const std::vector<std::uint64_t> waits = random_waits(4096);
  std::size_t next = 0;
  for (auto _ : state) {
    const timer_id id = wheel->arm(waits[next++ % waits.size()], count_fired, &fired, 0, nullptr);
    benchmark::DoNotOptimize(timer_wheel::cancel(id, wheel.get()));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(arm_and_cancel)->ArgName("pending")->Arg(0)->Arg(1000)->Arg(1'000'000);

// The same where another thread's wheel is the timer's home: a mark, and the owner's work in its next advance.
void arm_and_cancel_from_elsewhere(benchmark::State& state) {
  timer_wheel wheel(0);
  std::vector<timer_id> ids(1000);
  for (auto _ : state) {
    for (timer_id& id : ids) id = wheel.arm(500 * ms, count_fired, nullptr, 0, nullptr);
    for (const timer_id id : ids) benchmark::DoNotOptimize(timer_wheel::cancel(id, nullptr));
    wheel.advance(0, 1);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(ids.size()));
}
BENCHMARK(arm_and_cancel_from_elsewhere);

// N timers of 1 to 1000 ms from arming to firing, in items/s, with an advance every tick. Worry if a million take more
// than four times as long each as a thousand: they are moved down twice, and each move is a cache miss.
void arm_and_fire(benchmark::State& state) {
  const std::vector<std::uint64_t> waits = random_waits(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::uint64_t fired = 0;
    const auto wheel = wheel_with(waits, fired);
    for (std::uint64_t now = 0; wheel->size() != 0; now += timer_wheel::tick_ns) wheel->advance(now, 1000);
    if (fired != waits.size()) state.SkipWithError("timers got lost");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(arm_and_fire)->ArgName("timers")->Arg(1000)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

// What a scheduler pays each time round while nothing is due.
void ask_for_the_next_deadline(benchmark::State& state) {
  std::uint64_t fired = 0;
  const auto wheel = wheel_with(random_waits(static_cast<std::size_t>(state.range(0))), fired);
  for (auto _ : state) benchmark::DoNotOptimize(wheel->next_deadline());
}
BENCHMARK(ask_for_the_next_deadline)->ArgName("pending")->Arg(0)->Arg(1000);

}  // namespace
}  // namespace mote::detail
