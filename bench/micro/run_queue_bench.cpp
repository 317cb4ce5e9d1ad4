// A scheduler's run queue, its own and the part that others may steal: what it costs to be made ready and to be taken.
#include "scheduler/run_queue.hpp"

#include "scheduler/steal_queue.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <vector>

namespace mote::detail {
namespace {

// A push and a pop at a queue of this length, the items lying side by side. Worry if it grows with the length before
// the items leave the cache.
void push_and_pop(benchmark::State& state) {
  std::vector<runnable> items(static_cast<std::size_t>(state.range(0)));
  run_queue queue;
  for (runnable& one : items) queue.push(one);
  for (auto _ : state) {
    runnable* one = queue.pop();
    benchmark::DoNotOptimize(one);
    queue.push(*one);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(push_and_pop)->ArgName("length")->Arg(1)->Arg(64)->Arg(4096);

// The same with all three priorities in use: the general path. Worry at more than four times the plain one.
void push_and_pop_by_priority(benchmark::State& state) {
  std::vector<runnable> items(48);
  run_queue queue;
  for (std::size_t i = 0; i < items.size(); ++i) {
    items[i].priority = static_cast<std::uint8_t>(i % priorities);
    queue.push(items[i]);
  }
  for (auto _ : state) {
    runnable* one = queue.pop();
    benchmark::DoNotOptimize(one);
    queue.push(*one);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(push_and_pop_by_priority);

constexpr std::uint32_t most_at_once = 128;

// The stealable part filled and emptied again by its owner, so many at a time, in items/s. One CAS a batch: worry if a
// batch of 1 costs above 15 ns, or one of 64 above 2 ns an item.
void push_and_pop_stealable(benchmark::State& state) {
  const auto batch = static_cast<std::uint32_t>(state.range(0));
  std::array<runnable, most_at_once> items;
  std::array<runnable*, most_at_once> names, taken;
  for (std::size_t i = 0; i < items.size(); ++i) names[i] = &items[i];
  steal_queue<runnable> queue;
  for (auto _ : state) {
    benchmark::DoNotOptimize(queue.push(names.data(), batch));
    benchmark::DoNotOptimize(queue.pop(taken.data(), batch));
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(push_and_pop_stealable)->ArgName("batch")->Arg(1)->Arg(8)->Arg(64);

// Half of what is there, taken by a thief that nobody disturbs, and given back. Worry if an item costs more than the
// owner's.
void steal_half(benchmark::State& state) {
  const auto length = static_cast<std::uint32_t>(state.range(0));
  std::array<runnable, most_at_once> items;
  std::array<runnable*, most_at_once> names, taken;
  for (std::size_t i = 0; i < items.size(); ++i) names[i] = &items[i];
  steal_queue<runnable> queue;
  queue.push(names.data(), length);
  std::int64_t stolen = 0;
  for (auto _ : state) {
    const std::uint32_t count = queue.steal(taken.data(), most_at_once);
    queue.push(taken.data(), count);
    stolen += count;
  }
  state.SetItemsProcessed(stolen);
}
BENCHMARK(steal_half)->ArgName("length")->Arg(2)->Arg(16)->Arg(128);

}  // namespace
}  // namespace mote::detail
