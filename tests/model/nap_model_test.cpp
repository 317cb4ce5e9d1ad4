// The claim of scheduler/nap.hpp: the watch never sleeps while a scheduler works, unless it is about to be woken.
#include <gtest/gtest.h>

#include "scheduler/idle.hpp"
#include "scheduler/nap.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

// N1 N2 O1
TEST(nap_model, who_goes_to_work_finds_the_watch_awake_or_wakes_it) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    nap watch;
    idle.park(0, false);
    bool sleeps = false;
    int wakes = 0;
    world.together([&] { sleeps = watch.begin([&] { return idle.all_parked(1); }); },
                   [&] {
                     if (!idle.unpark_self(0)) return;
                     if (watch.is_on() && watch.end()) ++wakes;
                   });
    EXPECT_EQ(sleeps ? 1 : 0, wakes) << "asleep for ever, or a wake-up for nobody";
  });
}

// The same, by way of a waker.
TEST(nap_model, who_is_woken_to_work_finds_the_watch_awake_or_wakes_it) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    nap watch;
    atomic<int> permit{0};
    idle.park(0, false);
    bool sleeps = false;
    int wakes = 0;
    world.together([&] { sleeps = watch.begin([&] { return idle.all_parked(1); }); },
                   [&] {
                     EXPECT_TRUE(idle.wake(0));
                     permit.store(1, release);
                   },
                   [&] {
                     while (permit.load(acquire) == 0) spin_pause();
                     if (watch.is_on() && watch.end()) ++wakes;
                   });
    EXPECT_EQ(sleeps ? 1 : 0, wakes) << "asleep for ever, or a wake-up for nobody";
  });
}

}  // namespace
}  // namespace mote::detail
