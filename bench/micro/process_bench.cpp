// Processes and messages through the public interface, one operation at a time, on one scheduler. Each case runs as the
// first process of a runtime.
#include <benchmark/benchmark.h>
#include <mote/mote.hpp>

#include <array>
#include <cstddef>

namespace {

template <class Body>
void in_process(Body body) {
  mote::options options;
  options.schedulers = 1;
  mote::run(body, options);
}

// Spawn, run and end of a process with nothing to do; the caller yields so that none piles up. Worry if it is above
// three times a yield: the stack of the last one is no longer reused.
void spawn_and_run(benchmark::State& state) {
  in_process([&] {
    for (auto _ : state) {
      mote::spawn([] {});
      mote::yield();
    }
  });
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(spawn_and_run);

// The same with a link, which is made and taken apart. Worry if it adds more than 10 ns.
void spawn_linked_and_run(benchmark::State& state) {
  in_process([&] {
    for (auto _ : state) {
      mote::spawn_link([] {});
      mote::yield();
    }
  });
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(spawn_linked_and_run);

// A yield of the only process there is: the way into the scheduler and back without a switch.
void yield_alone(benchmark::State& state) {
  in_process([&] {
    for (auto _ : state) mote::yield();
  });
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(yield_alone);

// A message to oneself, sent and received: allocation, mailbox, match by type, no switch. Worry if 64 bytes cost a
// third more than 8.
template <std::size_t Bytes>
void send_to_self(benchmark::State& state) {
  using parcel = std::array<std::byte, Bytes>;
  in_process([&] {
    for (auto _ : state) {
      mote::send(mote::self(), parcel{});
      benchmark::DoNotOptimize(mote::receive<parcel>());
    }
  });
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(send_to_self<8>);
BENCHMARK(send_to_self<64>);
BENCHMARK(send_to_self<1024>);

struct wanted {};
struct other {};

// A receive that must walk past this many messages it does not want. It grows with their number by design; worry if one
// costs more than a few nanoseconds while they fit the cache.
void receive_past_others(benchmark::State& state) {
  in_process([&] {
    for (std::int64_t i = 0; i < state.range(0); ++i) mote::send(mote::self(), other{});
    for (auto _ : state) {
      mote::send(mote::self(), wanted{});
      mote::receive<wanted>();
    }
  });
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(receive_past_others)->ArgName("others")->Arg(0)->Arg(16)->Arg(1024);

// A request and its answer between two processes, behind this many messages nobody wants: constant, or the reference
// trick is lost.
void call_past_others(benchmark::State& state) {
  in_process([&] {
    const mote::pid server = mote::spawn_link([] {
      for (;;) mote::receive([](const mote::reply_to& asker, int asked) { mote::reply(asker, asked); });
    });
    for (std::int64_t i = 0; i < state.range(0); ++i) mote::send(mote::self(), other{});
    for (auto _ : state) benchmark::DoNotOptimize(mote::receive_reply<int>(mote::request(server, 1)));
  });
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(call_past_others)->ArgName("others")->Arg(0)->Arg(1024);

}  // namespace
