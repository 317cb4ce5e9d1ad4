// What leaving one stack for another costs, with all that travels along: exceptions in flight, errno, control words.
#include <benchmark/benchmark.h>

#include <vector>

#include "runtime/base/thread_local.hpp"
#include "runtime/stack/context.hpp"
#include "runtime/stack/stack_cache.hpp"

namespace mote::detail {
namespace {

MOTE_THREAD_POINTER(machine, bench_machine)

struct runner {
  context at = nullptr;
  stack* on = nullptr;  // nullptr: the native one
  runner* next = nullptr;
  runner* previous = nullptr;
};

// Goes to the next of the ring; comes back when the one before comes here. All go through this one call, as processes
// go through one park.
[[gnu::noinline]] void pass_on(runner& mine, machine& on) {
  runner& to = *mine.next;
  mine.previous->at = switch_context(to.at, to.on, on).from;
}

runner* starting = nullptr;

// Reports back to the native stack once, then takes its turns in the ring.
void take_turns(arrival came) {
  runner& mine = *starting;
  came = switch_context(came.from, nullptr, *came.on);
  for (mine.previous->at = came.from;;) pass_on(mine, *came.on);
}

// The native stack and others in a ring; on return all have been entered once.
struct ring {
  stack_arena arena;
  stack_cache cache{arena};
  machine here;
  std::vector<runner> runners;

  explicit ring(std::size_t others) : runners(others + 1) {
    here.bind();
    for (std::size_t i = 0; i < runners.size(); ++i) {
      runners[i].next = &runners[(i + 1) % runners.size()];
      runners[(i + 1) % runners.size()].previous = &runners[i];
    }
    for (std::size_t i = 1; i < runners.size(); ++i) {
      runners[i].on = cache.take(1);
      runners[i].at = make_context(*runners[i].on, take_turns);
      starting = &runners[i];
      runners[i].at = switch_context(runners[i].at, runners[i].on, here).from;
    }
  }
  ~ring() {
    for (std::size_t i = 1; i < runners.size(); ++i) cache.give(runners[i].on);
  }
};

// Once round a ring of so many contexts; items are switches. Worry under 80 M/s for 16: returns are predicted wrong
// again, or the routine has gained a lock; or if 512 run at under a third of that: the tops have lost their colours.
void switch_in_ring(benchmark::State& state) {
  ring all(static_cast<std::size_t>(state.range(0)) - 1);
  runner& mine = all.runners[0];
  for (auto _ : state) pass_on(mine, all.here);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(switch_in_ring)->ArgName("contexts")->Arg(2)->Arg(16)->Arg(64)->Arg(512)->Arg(4'096)->Arg(32'768);

// A new context on a used stack, entered and left for good, ns: what a process's start and end add to its run.
void make_enter_and_leave(benchmark::State& state) {
  stack_arena arena;
  stack_cache cache(arena);
  machine here;
  here.bind();
  for (auto _ : state) {
    stack* const on = cache.take(1);
    const context fresh = make_context(*on, [](arrival came) { leave_context(came.from, nullptr, *came.on); });
    switch_context(fresh, on, here);
    cache.give(on);
  }
}
BENCHMARK(make_enter_and_leave);

// Reading this thread's own pointer. Worry above 1 ns: it has become a call.
void read_thread_pointer(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(bench_machine());
}
BENCHMARK(read_thread_pointer);

}  // namespace
}  // namespace mote::detail
