// A million processes one after the other, each counting itself out. As in the others' programs the exits are learnt
// from a shared countdown; the link, which a user would have, is paid for besides.
#include "bench/harness.hpp"

namespace bench {

namespace {

void leave(const shared_group& group) { group->done(); }

void run(const trial& now) {
  const stopwatch time;
  wait_group group(now.count());
  for (std::uint64_t i = 0; i < now.count(); ++i) mote::spawn_link(leave, shared_group(&group));
  group.wait();
  now.report("ns_per_op", time.nanoseconds() / static_cast<double>(now.count()), "ns");
}

}  // namespace

extern const workload spawn_exit{"spawn_exit", "processes spawned, run and ended", 1'000'000, run};

}  // namespace bench
