// idle.hpp, W2 and W5: who goes to work wakes others only when there is work for them.
#include <gtest/gtest.h>
#include <mote/mote.hpp>

#include <chrono>
#include <cstdint>

#include "scheduler/group.hpp"

namespace {

using namespace std::chrono_literals;

std::uint64_t woken_elsewhere() {
  const mote::detail::scheduler& here = *mote::detail::current_scheduler();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < here.group().size(); ++i) {
    if (i != here.index()) sum += here.group()[i].counts().woken;
  }
  return sum;
}

// One process that sleeps again and again is nothing that a second scheduler could help with.
TEST(idle, a_timer_wakes_its_own_scheduler_only) {
  static constexpr std::uint64_t timers = 200;
  mote::options given;
  given.schedulers = 4;
  mote::run(
      [] {
        for (int i = 0; i < 10; ++i) mote::sleep_for(1ms);  // until all have found their beds
        const std::uint64_t before = woken_elsewhere();
        for (std::uint64_t i = 0; i < timers; ++i) mote::sleep_for(100us);
        EXPECT_LT(woken_elsewhere() - before, timers / 4);
      },
      given);
}

}  // namespace
