// Deterministic mode: the same seed gives the same run, another seed another one; time is virtual; a stand is told.
#include "tests/in_process.hpp"

#include <set>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct step {
  int who, count;
};

// What happened, in order.
class event_log {
 public:
  void add(int what) {
    const std::lock_guard hold(lock_);  // one thread writes, but for the thread sanitizer each process is one
    events_.push_back(what);
  }
  std::vector<int> take() {
    const std::lock_guard hold(lock_);
    return std::exchange(events_, {});
  }

 private:
  std::mutex lock_;
  std::vector<int> events_;
};
event_log events;

void worker(pid collector, int who) {
  for (int count = 0; count < 10; ++count) {
    events.add(who * 100 + count);
    send(collector, step{who, count});
    if (count % 3 == 0) yield();
    if (count % 4 == 1) sleep_for(std::chrono::microseconds(who));
    if (count == 7 && who % 2 == 0) exit(reason::error("half way"));
  }
}

std::vector<int> events_with(std::uint64_t seed) {
  in_mode({1, seed}, [] {
    std::vector<ref> watches;
    for (int who = 0; who < 6; ++who) watches.push_back(spawn_monitor(worker, self(), who).monitor);
    for (int ended = 0; ended < 6;) {
      receive([](step s) { events.add(10'000 + s.who * 100 + s.count); },
              [&](const down& news) {
                ++ended;
                events.add(static_cast<int>(20'000 + news.from.index()));
              });
    }
    events.add(static_cast<int>(now().time_since_epoch().count()));
  });
  return events.take();
}

TEST(deterministic_mode, same_seed_gives_the_same_run) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const std::vector<int> first = events_with(seed);
    EXPECT_GT(first.size(), 100u);
    EXPECT_EQ(first, events_with(seed)) << "seed " << seed;
  }
}

TEST(deterministic_mode, other_seeds_give_other_runs) {
  std::set<std::vector<int>> runs;
  for (std::uint64_t seed = 0; seed < 30; ++seed) runs.insert(events_with(seed));
  EXPECT_GT(runs.size(), 25u);
}

TEST(deterministic_mode, is_taken_from_the_environment) {
  ::setenv("MOTE_SEED", "12", 1);
  mote::run([] { events.add(static_cast<int>(environment().find("seed 12") != std::string::npos)); });
  ::unsetenv("MOTE_SEED");
  EXPECT_EQ(events.take(), std::vector<int>{1});
}

TEST(deterministic_mode, moves_the_clock_only_when_nobody_can_run) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    in_mode({1, seed}, [] {
      const auto begun = now();
      for (int hours = 1; hours <= 1'000; ++hours) {
        sleep_for(1h);
        EXPECT_GE(now() - begun, hours * 1h);
        EXPECT_LT(now() - begun, hours * 1h + 1min);
      }
    });
  }
}

TEST(deterministic_mode, lets_one_that_polls_the_clock_go_on) {
  in_mode({1, 5}, [] {
    const auto begun = now();
    while (now() < begun + 100us) yield();
    EXPECT_LT(now(), begun + 1ms);
  });
}

// All wait, and nothing outside could wake them: the first process hears of it as the reason for its end.
TEST(deterministic_mode, tells_of_a_stand) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    ::testing::internal::CaptureStderr();
    const int result = mote::run(
        [] {
          for (int i = 0; i < 3; ++i) spawn([] { wait_for_ever(); });
          wait_for_ever();
        },
        with({1, seed}));
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_EQ(result, 1);
    EXPECT_NE(text.find("every process waits"), std::string::npos) << text;
  }
}

TEST(deterministic_mode, tells_one_that_traps_exits_of_a_stand_and_ends_it_at_the_next) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    ::testing::internal::CaptureStderr();
    bool told = false;
    const int result = mote::run(
        [&told] {
          trap_exit(true);
          const pid other = spawn([] { wait_for_ever(); });
          told = receive<exited>().why.kind() == reason_kind::error;
          EXPECT_TRUE(is_alive(other));
          wait_for_ever();
        },
        with({1, seed}));
    ::testing::internal::GetCapturedStderr();
    EXPECT_TRUE(told);
    EXPECT_EQ(result, 1);
  }
}

TEST(deterministic_mode, ends_a_call_of_two_that_wait_for_each_other) {
  ::testing::internal::CaptureStderr();
  const int result = mote::run(
      [] {
        const pid other = spawn([](pid first) { receive_reply<int>(request(first, 1)); }, self());
        receive_reply<int>(request(other, 2));
      },
      with({1, 9}));
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("every process waits"), std::string::npos);
  EXPECT_EQ(result, 1);
}

// The second half of a program does not run before the first: an order that only some seeds give is found by some.
TEST(deterministic_mode, finds_orders_that_are_rare) {
  int both_ways[2] = {0, 0};
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    in_mode({1, seed}, [&both_ways] {
      for (int who = 0; who < 2; ++who) spawn([](pid to, int number) { send(to, number); }, self(), who);
      ++both_ways[receive<int>()];
      receive<int>();
    });
  }
  EXPECT_GT(both_ways[0], 5);
  EXPECT_GT(both_ways[1], 5);
}

}  // namespace
}  // namespace mote::test
