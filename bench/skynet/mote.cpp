// A tree of processes, ten children each: a million leaves send their numbers up, every parent sends on the sum.
#include "bench/harness.hpp"

#include <stdexcept>

namespace bench {

namespace {

struct part {
  std::uint64_t sum;
  besides<8> text{};
};

void node(mote::pid parent, std::uint64_t number, std::uint64_t leaves) {
  if (leaves == 1) return mote::send(parent, part{number});
  const std::uint64_t share = leaves / 10;
  for (std::uint64_t i = 0; i < 10; ++i) mote::spawn_link(node, mote::self(), number + i * share, share);
  std::uint64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += mote::receive<part>().sum;
  mote::send(parent, part{sum});
}

// count is rounded down to a power of ten.
void run(const trial& now) {
  std::uint64_t leaves = 1;
  while (leaves * 10 <= now.count()) leaves *= 10;
  const stopwatch time;
  mote::spawn_link(node, mote::self(), std::uint64_t{0}, leaves);
  const std::uint64_t sum = mote::receive<part>().sum;
  const double ms = time.milliseconds();
  if (sum != leaves * (leaves - 1) / 2) throw std::runtime_error("skynet: wrong sum");
  now.report("total", ms, "ms");
}

}  // namespace

extern const workload skynet{"skynet", "leaves of the tree", 1'000'000, run};

}  // namespace bench
