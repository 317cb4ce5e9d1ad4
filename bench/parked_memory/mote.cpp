// Many processes that wait for one message each: what they hold in memory, how long it takes to get them there, and to
// wake and end them all.
#include "bench/harness.hpp"

#include <vector>

namespace bench {

namespace {

struct leave {};

void wait_once(const shared_group& parked, const shared_group& ended) {
  parked->done();
  mote::receive<leave>();
  ended->done();
}

void run(const trial& now) {
  const double count = static_cast<double>(now.count());
  wait_group parked(now.count()), ended(now.count());
  std::vector<mote::pid> all(now.count());  // touched before the first look at memory: it is not a process's

  const memory_use before = memory_now();
  const stopwatch spawning;
  for (mote::pid& one : all) one = mote::spawn_link(wait_once, shared_group(&parked), shared_group(&ended));
  parked.wait();
  const double spawn_ns = spawning.nanoseconds();
  mote::sleep_for(std::chrono::milliseconds(100));  // the last one parks
  const memory_use after = memory_now();

  const stopwatch waking;
  for (mote::pid one : all) mote::send(one, leave{});
  ended.wait();
  const double wake_ns = waking.nanoseconds();

  now.report("rss_per_proc", (after.resident - before.resident) / count, "bytes");
  now.report("page_tables_per_proc", (after.page_tables - before.page_tables) / count, "bytes");
  now.report("spawn_and_park", spawn_ns / count, "ns");
  now.report("wake_and_end", wake_ns / count, "ns");
}

}  // namespace

extern const workload parked_memory_100k{"parked_memory_100k", "processes parked at once", 100'000, run};
extern const workload parked_memory_1m{"parked_memory_1m", "processes parked at once", 1'000'000, run};

}  // namespace bench
