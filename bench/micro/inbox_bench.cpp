// The door of a mailbox: what a sender and the owner pay for one envelope.
#include "mailbox/inbox.hpp"

#include <benchmark/benchmark.h>
#include <mote/detail/envelope.hpp>

#include <vector>

namespace mote::detail {
namespace {

// A push and its share of a drain, in items/s. Worry if bursts of 1 run at under half the rate of bursts of 64: the
// fast path has gained an atomic.
void push_then_drain(benchmark::State& state) {
  std::vector<envelope> mail(static_cast<std::size_t>(state.range(0)));
  inbox<> box;
  std::uint64_t load = 0;
  for (auto _ : state) {
    for (envelope& one : mail) benchmark::DoNotOptimize(box.push(&one, 3, false, load));
    benchmark::DoNotOptimize(box.take_all());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(push_then_drain)->ArgName("burst")->RangeMultiplier(8)->Range(1, 512);

// A message to a sleeping owner, and its going to sleep again: two atomics, whatever the mailbox holds. Worry at more
// than twice push_then_drain's burst of 1.
void sleep_then_wake(benchmark::State& state) {
  envelope mail{};
  inbox<> box;
  std::uint64_t load = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(box.try_sleep(false));
    benchmark::DoNotOptimize(box.push(&mail, 3, false, load));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(sleep_then_wake);

// The owner's look for news, which every receive begins with. A load: worry above 2 ns.
void look_for_news(benchmark::State& state) {
  inbox<> box;
  for (auto _ : state) benchmark::DoNotOptimize(box.has_news());
}
BENCHMARK(look_for_news);

}  // namespace
}  // namespace mote::detail
