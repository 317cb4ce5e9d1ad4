// Two processes and one message between them, to and fro. `same` and `cross` are the same program: one scheduler has no
// choice, and with two it is the runtime's choice where the pair runs.
#include "bench/harness.hpp"

namespace bench {

namespace {

struct ping {
  mote::pid from;
  std::uint64_t number;
  besides<24> text{};
};
struct pong {
  std::uint64_t number;
  besides<8> text{};
};
struct finished {};

void answer() {
  for (;;) mote::receive([](ping asked) { mote::send(asked.from, pong{asked.number}); });
}

void ask(mote::pid other, mote::pid parent, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    mote::send(other, ping{mote::self(), i});
    mote::receive<pong>();
  }
  mote::send(parent, finished{});
}

void run(const trial& now) {
  const stopwatch time;
  const mote::pid other = mote::spawn_link(answer);
  mote::spawn_link(ask, other, mote::self(), now.count());
  mote::receive<finished>();
  now.report("ns_per_message", time.nanoseconds() / (2 * static_cast<double>(now.count())), "ns");
}

}  // namespace

extern const workload pingpong_same{"pingpong_same", "round trips, for one scheduler", 5'000'000, run};
extern const workload pingpong_cross{"pingpong_cross", "round trips, for two schedulers or more", 5'000'000, run};

}  // namespace bench
