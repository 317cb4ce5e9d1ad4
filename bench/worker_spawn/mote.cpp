// From the call that starts an isolated process to its first message. Worry above 5 ms.
#include "bench/harness.hpp"

#include <algorithm>

namespace bench {

namespace {

void run(const trial& now) {
  std::vector<std::int64_t> times;
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    const std::int64_t begun = clock_ns();
    mote::spawn_monitor(mote::isolated, [](mote::pid to) { mote::send(to, true); }, mote::self());
    mote::receive<bool>();
    times.push_back(clock_ns() - begun);
    mote::receive<mote::down>();
  }
  std::sort(times.begin(), times.end());
  now.report("p50", percentile(times, 0.5) / 1e3, "us");
  now.report("p99", percentile(times, 0.99) / 1e3, "us");
}

}  // namespace

extern const workload worker_spawn{"worker_spawn", "isolated processes, one after the other", 200, run};

}  // namespace bench
