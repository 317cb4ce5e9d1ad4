// 120 processes that ping one another at random, each always waiting for one answer: everybody talks to everybody. From
// Aronis and others, "A Scalability Benchmark Suite for Erlang/OTP" (2012).
#include "bench/harness.hpp"

#include <vector>

namespace bench {

namespace {

constexpr std::uint64_t members = 120;

struct begin {
  std::vector<mote::pid> all;
};
struct ping {
  mote::pid from;
  besides<16> text{};
};
struct pong {
  besides<0> text{};
};
struct sent_all {};
struct leave {};

// count pings to members other than itself, the next when the last was answered; answers others meanwhile and after.
void talk(mote::pid starter, std::uint64_t self, std::uint64_t count) {
  const std::vector<mote::pid> all = mote::receive<begin>().all;
  lehmer random(self + 1);
  std::uint64_t sent = 0;
  const auto ping_somebody = [&] {
    const std::uint64_t to = random.next() % (members - 1);
    mote::send(all[to < self ? to : to + 1], ping{mote::self()});
    ++sent;
  };
  ping_somebody();
  for (bool more = true; more;) {
    mote::receive([&](ping asked) { mote::send(asked.from, pong{}); },
                  [&](pong) { sent < count ? ping_somebody() : mote::send(starter, sent_all{}); },
                  [&](leave) { more = false; });
  }
}

void talk_and_leave(mote::pid starter, std::uint64_t self, std::uint64_t count, const shared_group& ended) {
  talk(starter, self, count);
  ended->done();
}

void run(const trial& now) {
  const std::uint64_t each = now.count() / members;
  const stopwatch time;
  wait_group ended(members);
  std::vector<mote::pid> all;
  for (std::uint64_t i = 0; i < members; ++i) {
    all.push_back(mote::spawn_link(talk_and_leave, mote::self(), i, each, shared_group(&ended)));
  }
  for (mote::pid one : all) mote::send(one, begin{all});
  for (std::uint64_t i = 0; i < members; ++i) mote::receive<sent_all>();
  for (mote::pid one : all) mote::send(one, leave{});
  ended.wait();
  now.report("messages_per_s", static_cast<double>(2 * members * each) / time.seconds(), "1/s");
}

}  // namespace

extern const workload big{"big", "pings of 120 processes to one another, each answered", 2'400'000, run};

}  // namespace bench
