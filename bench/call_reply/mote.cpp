// A request and its answer, again and again.
#include "bench/harness.hpp"

namespace bench {

namespace {

struct question {
  std::uint64_t number;
};

void serve() {
  for (;;) {
    mote::receive([](const mote::reply_to& asker, question asked) { mote::reply(asker, asked.number + 1); });
  }
}

void run(const trial& now) {
  const mote::pid server = mote::spawn_link(serve);
  std::uint64_t number = 0;
  const stopwatch time;
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    number = mote::receive_reply<std::uint64_t>(mote::request(server, question{number}));
  }
  now.report("ns_per_call", time.nanoseconds() / static_cast<double>(now.count()), "ns");
}

}  // namespace

extern const workload call_reply{"call_reply", "requests, each answered", 2'000'000, run};

}  // namespace bench
