// Bar 28, all waiting. Programs drawn at random that come to a stand: rings and chains of calls, receivers, after some work,
// on one scheduler and on two. Each is reported, once, and the report names who waits for whom, and every cycle. Between
// them, programs that come close, again and again: all wait, but a timer, a plain thread or a descriptor will wake somebody;
// none is reported.
// Hit: a deadlock that was there, or a moment at which all waited and nothing was reported.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

struct partner {
  mote::pid whom;
};
struct question {};
struct tick {};

void ask_my_partner() { mote::receive_reply<int>(mote::request(mote::receive<partner>().whom, question{})); }
void wait_for_nobody() { mote::receive<partner>(); }

/// Who waits for whom, as it was arranged: before[i] asks before[i + 1]; in a ring the last asks the first.
struct arrangement {
  std::vector<mote::pid> ring, chain;
};

std::vector<mote::pid> spawn_askers(std::uint32_t count) {
  std::vector<mote::pid> all(count);
  for (mote::pid& one : all) one = mote::spawn(ask_my_partner);
  return all;
}

void some_work(random_numbers& random) {
  std::vector<mote::monitored> all;
  for (std::uint32_t i = random.below(20); i != 0; --i) {
    all.push_back(mote::spawn_monitor([](std::uint32_t rounds) {
      while (rounds-- != 0) mote::yield();
    }, random.below(50)));
  }
  for (std::size_t i = 0; i < all.size(); ++i) mote::receive<mote::down>();
}

// Comes to a stand.
void stand(random_numbers& random, arrangement& made) {
  some_work(random);
  made.ring = spawn_askers(2 + random.below(5));
  made.chain = spawn_askers(random.below(4));
  for (std::size_t i = 0; i < made.ring.size(); ++i) mote::send(made.ring[i], partner{made.ring[(i + 1) % made.ring.size()]});
  for (std::size_t i = 0; i < made.chain.size(); ++i) {
    mote::send(made.chain[i], partner{i + 1 < made.chain.size() ? made.chain[i + 1] : made.ring[0]});
  }
  mote::receive<tick>();
}

bool says(const mote::deadlock_report& report, mote::pid who, mote::pid whom) {
  const auto found = std::ranges::find(report.processes, who, &mote::deadlocked_process::process);
  return found != report.processes.end() && found->waits_for_whom == whom &&
         report.text.find(to_string(who)) != std::string::npos;
}

void check(const mote::deadlock_report& report, const arrangement& made, complaints& wrong) {
  for (std::size_t i = 0; i < made.ring.size(); ++i) {
    if (!says(report, made.ring[i], made.ring[(i + 1) % made.ring.size()])) wrong.add("who waits in the ring is not told");
  }
  for (std::size_t i = 0; i < made.chain.size(); ++i) {
    if (!says(report, made.chain[i], i + 1 < made.chain.size() ? made.chain[i + 1] : made.ring[0])) {
      wrong.add("who waits in the chain is not told");
    }
  }
  if (report.cycles.size() != 1 || report.cycles[0].size() != made.ring.size()) wrong.add("the cycle is not told");
}

std::uint64_t one_deadlock(unsigned schedulers, std::uint64_t seed, complaints& wrong) {
  arrangement made;
  std::atomic<unsigned> reports{0};
  mote::options given{.schedulers = schedulers, .max_processes = 1 << 12};
  given.on_crash = [](const mote::crash_report&) {};
  given.on_deadlock = [&](const mote::deadlock_report& report) {
    if (reports++ == 0) check(report, made, wrong);
  };
  const int result = mote::run([&] {
    random_numbers random(seed);
    stand(random, made);
  }, given);
  if (reports != 1) wrong.add("%u reports of one deadlock (seed %llu)", reports.load(), static_cast<unsigned long long>(seed));
  if (result != 1) wrong.add("the run that stood still returned %d", result);
  return reports != 0 ? 1 : 0;
}

// Woken from outside, after all have come to wait.
void be_woken(random_numbers& random) {
  switch (random.below(4)) {
    case 0:
      mote::send_after(std::chrono::microseconds(random.below(300)), mote::self(), tick{});
      mote::receive<tick>();
      break;
    case 1: {
      std::thread outside([here = mote::this_runtime(), to = mote::self(), ns = random.below(200'000)] {
        spin_for(ns);
        here.send(to, tick{});
      });
      mote::receive<tick>();
      outside.join();
      break;
    }
    case 2: {
      int ends[2];
      if (::pipe(ends) != 0) return;
      std::thread outside([end = ends[1], ns = random.below(200'000)] {
        spin_for(ns);
        static_cast<void>(!::write(end, "x", 1));
      });
      mote::wait_readable(ends[0]);
      outside.join();
      ::close(ends[0]);
      ::close(ends[1]);
      break;
    }
    default:
      mote::spawn([](mote::pid to, std::uint32_t ns) {
        spin_for(ns);
        mote::send(to, tick{});
      }, mote::self(), random.below(50'000));
      mote::receive<tick>();
  }
}

std::uint64_t near_deadlocks(unsigned schedulers, std::uint64_t seed, complaints& wrong) {
  constexpr std::uint64_t rounds = 20;
  mote::options given{.schedulers = schedulers, .max_processes = 1 << 12};
  given.on_deadlock = [&](const mote::deadlock_report& report) { wrong.add("a false alarm: %s", report.text.c_str()); };
  mote::run([&] {
    random_numbers random(seed);
    const mote::pid bystander = mote::spawn(wait_for_nobody);
    for (std::uint64_t i = 0; i < rounds; ++i) be_woken(random);
    mote::kill(bystander);
  }, given);
  return rounds;
}

verdict run(const trial& now) {
  complaints wrong;
  std::uint64_t hits = 0;
  for (std::uint64_t i = 0; i < now.count && wrong.count() == 0; ++i) {
    const unsigned schedulers = 1 + static_cast<unsigned>(i % 2);
    hits += one_deadlock(schedulers, now.seed + i, wrong);
    hits += near_deadlocks(schedulers, now.seed + i, wrong);
  }
  return {wrong.count(), hits, std::to_string(wrong.count()) + "_wrong"};
}

}  // namespace

extern const bar deadlocks{"28", "deadlocks, and programs that come close", 2'000, 40, run};

}  // namespace bars
