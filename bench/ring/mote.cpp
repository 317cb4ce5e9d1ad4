// A ring of processes hands one number on, taking one off each time: small enough for the caches, and not.
#include "bench/harness.hpp"

namespace bench {

namespace {

struct next_is {
  mote::pid process;
};
struct token {
  std::uint64_t hops_left;
  besides<8> text{};
};
struct finished {};

// Returns once the number is used up; the others wait until the trial is over.
void hand_on(mote::pid next, mote::pid starter) {
  for (;;) {
    const token held = mote::receive<token>();
    if (held.hops_left == 0) return mote::send(starter, finished{});
    mote::send(next, token{held.hops_left - 1});
  }
}

void first_member(mote::pid starter) { hand_on(mote::receive<next_is>().process, starter); }

void run_ring(const trial& now, std::uint64_t members) {
  const mote::pid first = mote::spawn_link(first_member, mote::self());
  mote::pid next = first;
  for (std::uint64_t i = 1; i < members; ++i) next = mote::spawn_link(hand_on, next, mote::self());
  mote::send(first, next_is{next});
  mote::sleep_for(std::chrono::milliseconds(200));  // every member parks

  const stopwatch time;
  mote::send(first, token{now.count()});
  mote::receive<finished>();
  now.report("ns_per_hop", time.nanoseconds() / static_cast<double>(now.count()), "ns");
}

void run_small(const trial& now) { run_ring(now, 503); }
void run_large(const trial& now) { run_ring(now, 100'000); }

}  // namespace

extern const workload ring_503{"ring_503", "hops around 503 processes", 5'000'000, run_small};
extern const workload ring_100k{"ring_100k", "hops around 100,000 processes", 2'000'000, run_large};

}  // namespace bench
