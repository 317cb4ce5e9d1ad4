// A call of a server and its answer, again and again: with the usual limit of five seconds, as a user writes it.
#include "bench/harness.hpp"

namespace bench {

namespace {

struct next {
  std::uint64_t number;
  besides<8> text{};
};

struct successor {
  next handle_call(next asked) { return {asked.number + 1}; }
};

void run(const trial& now) {
  const mote::server<successor> server = mote::start_link<successor>();
  std::uint64_t number = 0;
  const stopwatch time;
  for (std::uint64_t i = 0; i < now.count(); ++i) number = mote::call(server, next{number}).number;
  now.report("ns_per_call", time.nanoseconds() / static_cast<double>(now.count()), "ns");
}

}  // namespace

extern const workload call_reply{"call_reply", "calls of a server, each answered", 2'000'000, run};

}  // namespace bench
