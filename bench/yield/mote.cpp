// Two processes that do nothing but let the other run.
#include "bench/harness.hpp"

namespace bench {

namespace {

void give_way(std::uint64_t times, const shared_group& group) {
  for (std::uint64_t i = 0; i < times; ++i) mote::yield();
  group->done();
}

void run(const trial& now) {
  wait_group group(2);
  const stopwatch time;
  for (int i = 0; i < 2; ++i) mote::spawn_link(give_way, now.count(), shared_group(&group));
  group.wait();
  now.report("ns_per_switch", time.nanoseconds() / (2 * static_cast<double>(now.count())), "ns");
}

}  // namespace

extern const workload yield{"yield", "turns given up by each of two processes", 5'000'000, run};

}  // namespace bench
