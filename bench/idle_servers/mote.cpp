// Many servers with 16 bytes of state that have nothing to do: what each holds in memory, and what a call of each costs
// afterwards, in the order they were made.
#include "bench/harness.hpp"

#include <stdexcept>
#include <vector>

namespace bench {

namespace {

struct take {
  std::uint64_t more;
};

struct account {
  std::uint64_t owner = 0, balance = 0;
  std::uint64_t handle_call(take asked) { return balance += asked.more; }
};
static_assert(sizeof(account) == 16);

void run(const trial& now) {
  const double count = static_cast<double>(now.count());
  std::vector<mote::server<account>> all(now.count());  // touched before the first look at memory: it is not a server's

  const memory_use before = memory_now();
  const stopwatch starting;
  std::uint64_t owner = 0;
  for (auto& one : all) one = mote::start_link<account>(account{owner++, 0});
  const double start_ns = starting.nanoseconds();
  const memory_use idle = memory_now();

  const stopwatch calling;
  std::uint64_t total = 0;
  for (const auto& one : all) total += mote::call(one, take{1});
  const double call_ns = calling.nanoseconds();
  const memory_use after = memory_now();
  if (total != now.count()) throw std::logic_error("a server answered wrong");

  now.report("rss_per_server", (idle.resident - before.resident) / count, "bytes");
  now.report("page_tables_per_server", (idle.page_tables - before.page_tables) / count, "bytes");
  now.report("rss_after_calls", (after.resident - before.resident) / count, "bytes");
  now.report("start_each", start_ns / count, "ns");
  now.report("call_each", call_ns / count, "ns");
}

}  // namespace

extern const workload idle_servers_1m{"idle_servers_1m", "idle servers, each called once", 1'000'000, run};

}  // namespace bench
