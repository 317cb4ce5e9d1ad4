// S4, W5. Work behind processes that call nothing is taken over, however many there are: each that takes some leaves a watch
// behind for the rest.
#include <gtest/gtest.h>
#include <mote/mote.hpp>

#include <atomic>
#include <chrono>

namespace {

std::atomic<int> begun{0};

// Ends when all have begun, so each needs a scheduler of its own.
void meet(int all) {
  ++begun;
  while (begun.load(std::memory_order_relaxed) < all) {}
}

TEST(stranded_work, is_taken_over_one_after_the_other) {
  static constexpr int schedulers = 4;
  mote::options given;
  given.schedulers = schedulers;
  given.handoff_after = std::chrono::milliseconds(0);  // which would take over too
  mote::run(
      [] {
        for (int round = 0; round < 20; ++round) {
          begun = 0;
          for (int i = 1; i < schedulers; ++i) mote::spawn_monitor(meet, schedulers);
          meet(schedulers);
          for (int i = 1; i < schedulers; ++i) mote::receive<mote::down>();
        }
      },
      given);
  EXPECT_EQ(begun, schedulers);
}

}  // namespace
