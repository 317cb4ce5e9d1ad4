// What a stack costs: at its first use, when used again, and when its pages are given back.
#include <benchmark/benchmark.h>

#include <memory>
#include <vector>

#include "runtime/stack/stack_cache.hpp"

namespace mote::detail {
namespace {

// From the free list and back onto it. Worry above 3 ns: that is what every process pays.
void take_and_give_hot(benchmark::State& state) {
  stack_arena arena;
  stack_cache cache(arena);
  for (auto _ : state) {
    stack* const taken = cache.take(1);
    benchmark::DoNotOptimize(taken);
    cache.give(taken);
  }
}
BENCHMARK(take_and_give_hot);

// Many at once, so that they come from the arena in batches; used before. items/s. Worry under 5 M: the arena's lock is
// met more often than once in 32.
void take_and_give_many(benchmark::State& state) {
  stack_arena arena;
  stack_cache cache(arena);
  std::vector<stack*> taken(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (stack*& each : taken) each = cache.take(1);
    for (stack* each : taken) cache.give(each);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(take_and_give_many)->ArgName("stacks")->Arg(1'000)->Arg(100'000);

// The first use: guard, page tables, and the fault of the top page. items/s. Worry under 300,000: more than the guard,
// the fault (1.3 to 1.5 microseconds) and a share of a system call are being paid.
void carve(benchmark::State& state) {
  constexpr int stacks = 20'000;
  for (auto _ : state) {
    state.PauseTiming();
    auto arena = std::make_unique<stack_arena>();
    state.ResumeTiming();
    for (int i = 0; i < stacks; i += 32) {
      stack* chain = nullptr;
      benchmark::DoNotOptimize(arena->take(static_cast<std::uint8_t>(state.range(0)), &chain, 32));
    }
    state.PauseTiming();
    arena.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * stacks);
}
BENCHMARK(carve)->ArgName("class")->DenseRange(0, 3)->Unit(benchmark::kMillisecond);

// 32 KiB touched and given back. Worry if far above 8 page faults and one system call.
void trim_deep(benchmark::State& state) {
  stack_arena arena;
  stack_cache cache(arena);
  stack* const deep = cache.take(1);
  for (auto _ : state) {
    for (std::size_t depth = 4 * kib; depth <= 36 * kib; depth += 4 * kib) *(deep->top() - depth) = std::byte{1};
    trim(*deep, deep->top() - 8 * kib);
  }
  cache.give(deep);
}
BENCHMARK(trim_deep);

}  // namespace
}  // namespace mote::detail
