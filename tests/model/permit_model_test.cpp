// The claims of runtime/os/permit.hpp under all short interleavings; a wait on the word stands for the kernel's sleep.
#include <gtest/gtest.h>

#include "runtime/os/permit.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

/// As parker::park, with a timeout that comes at any moment or none. The model reports a wait that never ends.
bool park(permit& here, bool timeout) {
  if (here.take_or_announce()) return true;
  while (!timeout && here.is_asleep()) spin_pause();
  return here.wake_up();
}

// O1, and no wake-up is lost.
TEST(permit, ends_a_park_which_then_sees_what_was_written) {
  model::explore([](model::world& world) {
    permit here;
    model::data<int> news;
    world.together(
        [&] {
          EXPECT_TRUE(park(here, false));
          EXPECT_EQ(news.read(), 1);
        },
        [&] {
          news.write(1);
          here.leave();
        });
  });
}

// O1. Two leave permits, one over the other and with no order between them: who takes it sees what both have written.
TEST(permit, left_twice_is_one_that_orders_both) {
  model::explore([](model::world& world) {
    permit here;
    model::data<int> first, second;
    atomic<int> left{0};
    world.together(
        [&] {
          while (left.load(relaxed) < 2) spin_pause();
          EXPECT_TRUE(here.take_or_announce());
          EXPECT_EQ(first.read() + second.read(), 3);
          EXPECT_FALSE(here.take_or_announce());
        },
        [&] {
          first.write(1);
          here.leave();
          left.store(1, relaxed);
        },
        [&] {
          second.write(2);
          while (left.load(relaxed) < 1) spin_pause();
          here.leave();
          left.store(2, relaxed);
        });
  });
}

// P3. The time runs out beside an unpark: the permit is taken by this park or kept for the next.
TEST(permit, that_comes_as_the_time_runs_out_is_taken_or_kept) {
  model::explore([](model::world& world) {
    permit here;
    bool taken = false;
    world.together([&] { taken = park(here, true); }, [&] { here.leave(); });
    EXPECT_NE(taken, here.take_or_announce());
  });
}

// P2. Two unpark one sleep: one of them wakes at most, and where the owner was asleep for both, exactly one.
TEST(permit, one_sleep_is_ended_by_exactly_one) {
  model::explore([](model::world& world) {
    permit here;
    ASSERT_FALSE(here.take_or_announce());
    bool first = false, second = false;
    world.together([&] { first = here.leave(); }, [&] { second = here.leave(); });
    EXPECT_NE(first, second);
    EXPECT_TRUE(here.wake_up());
  });
}

}  // namespace
}  // namespace mote::detail
