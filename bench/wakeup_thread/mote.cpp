// A plain thread sends now and then to a process that waits on an idle runtime: how long until it runs.
#include "bench/harness.hpp"

#include <algorithm>
#include <thread>

namespace bench {

namespace {

struct stamp {
  std::int64_t sent_ns;
};

void send_now_and_then(mote::runtime_handle runtime, mote::pid to, std::uint64_t count) {
  lehmer random(7);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + random.next() % 2000));
    runtime.send(to, stamp{clock_ns()});
  }
}

void run(const trial& now) {
  std::jthread sender(send_now_and_then, mote::this_runtime(), mote::self(), now.count());
  std::vector<std::int64_t> late;
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    const std::int64_t sent = mote::receive<stamp>().sent_ns;
    late.push_back(clock_ns() - sent);
  }
  std::sort(late.begin(), late.end());
  now.report("p50", percentile(late, 0.5) / 1e3, "us");
  now.report("p99", percentile(late, 0.99) / 1e3, "us");
}

}  // namespace

extern const workload wakeup_thread{"wakeup_thread", "messages from a plain thread to a process that waits", 2000, run};

}  // namespace bench
