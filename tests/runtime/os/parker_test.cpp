// The parker: permits are remembered, do not add up, and none is lost between threads that wake one another in turn.
#include "runtime/os/parker.hpp"

#include <gtest/gtest.h>
#include <pthread.h>

#include <csignal>
#include <cstdint>
#include <thread>
#include <vector>

namespace mote::detail {
namespace {

TEST(parker, an_unpark_before_park_is_remembered_once) {
  parker here;
  here.unpark();
  here.unpark();
  EXPECT_TRUE(here.park());
  EXPECT_FALSE(here.park(1000));
}

TEST(parker, park_without_a_permit_ends_when_the_time_is_up) {
  parker here;
  EXPECT_FALSE(here.park(0));
  EXPECT_FALSE(here.park(100'000));
  here.unpark();
  EXPECT_TRUE(here.park(0));
}

// O1: the plain counters are written by one thread and read by the other, ordered by the permits alone.
TEST(parker, two_threads_that_wake_each_other_in_turn_lose_no_wake_up) {
  constexpr int turns = 100'000;
  parker left, right;
  int ball = 0;
  std::thread player([&] {
    for (int i = 0; i < turns; ++i) {
      ASSERT_TRUE(right.park());
      ++ball;
      left.unpark();
    }
  });
  for (int i = 0; i < turns; ++i) {
    ++ball;
    right.unpark();
    ASSERT_TRUE(left.park());
    ASSERT_EQ(ball, 2 * (i + 1));
  }
  player.join();
}

// P3: short sleeps race with unparks; each unpark is answered by one park that says so, however close the timeout was.
TEST(parker, a_permit_that_comes_as_the_time_runs_out_is_taken_or_kept) {
  constexpr int permits = 20'000;
  parker sleeper, waker;
  std::uint64_t timeouts = 0;
  std::thread other([&] {
    for (int i = 0; i < permits; ++i) {
      for (int spin = 0; spin < (i % 64) * 32; ++spin) spin_pause();
      sleeper.unpark();
      ASSERT_TRUE(waker.park());
    }
  });
  for (int taken = 0; taken < permits;) {
    if (!sleeper.park(1000)) {
      ++timeouts;
      continue;
    }
    ++taken;
    waker.unpark();
  }
  other.join();
  EXPECT_FALSE(sleeper.park(0));
  EXPECT_GT(timeouts, 0U);
}

TEST(parker, many_threads_may_unpark_at_once) {
  constexpr int threads = 4, rounds = 5000;
  parker here;
  atomic<int> done{0};
  std::vector<std::thread> others;
  for (int i = 0; i < threads; ++i) {
    others.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        done.fetch_add(1, relaxed);
        here.unpark();
      }
    });
  }
  while (done.load(relaxed) < threads * rounds) ASSERT_TRUE(here.park());
  for (std::thread& other : others) other.join();
}

void ignore_signal(int) {}

TEST(parker, a_signal_does_not_end_a_park_without_timeout) {
  struct sigaction action = {}, before = {};
  action.sa_handler = ignore_signal;
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  parker here;
  const pthread_t sleeper = pthread_self();
  std::thread other([&] {
    for (int i = 0; i < 200; ++i) {
      pthread_kill(sleeper, SIGUSR1);
      std::this_thread::yield();
    }
    here.unpark();
  });
  EXPECT_TRUE(here.park());
  other.join();
  EXPECT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
}

}  // namespace
}  // namespace mote::detail
