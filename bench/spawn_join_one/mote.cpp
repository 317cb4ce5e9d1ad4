// Spawn a process, wait for its one message, again and again.
#include "bench/harness.hpp"

namespace bench {

namespace {

struct finished {
  mote::pid from;
  besides<16> text{};
};

void answer(mote::pid parent) { mote::send(parent, finished{mote::self()}); }

void run(const trial& now) {
  const stopwatch time;
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    mote::spawn_link(answer, mote::self());
    mote::receive<finished>();
  }
  now.report("ns_per_op", time.nanoseconds() / static_cast<double>(now.count()), "ns");
}

}  // namespace

extern const workload spawn_join_one{"spawn_join_one", "processes spawned and heard from, one at a time", 1'000'000,
                                     run};

}  // namespace bench
