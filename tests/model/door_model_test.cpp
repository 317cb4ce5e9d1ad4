// The claims of scheduler/door.hpp under all short interleavings: owner, raider and hand-off never meet, and a taken scheduler
// is touched by its new owner alone.
#include <gtest/gtest.h>

#include "scheduler/door.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

// The borrower's membarrier puts a barrier into every thread; the model has none that does, so each side has its own.
struct model_fences {
  static void light() noexcept { fence(seq_cst); }
  static void heavy() noexcept { fence(seq_cst); }
  static void pause(int) noexcept { spin_pause(); }
};
using model_door = basic_door<model_fences>;

/// A scheduler: its door, and what only one may touch at a time.
struct guarded {
  model_door door{false};
  model::data<int> work;

  /// A runtime call. False: the scheduler is gone.
  bool call() {
    if (!door.enter() && !door.wait()) return false;
    work.write(work.read() + 1);
    door.leave();
    return true;
  }
  bool raid() {
    if (!door.borrow()) return false;
    work.write(work.read() + 1);
    door.give_back();
    return true;
  }
  /// What a hand-off does with the old one: afterwards it is the taker's, who may use it without the door.
  bool take() {
    if (!door.borrow()) return false;
    work.write(work.read() + 1);
    door.take();
    return true;
  }
};

// D1 O2 O3
TEST(door_model, an_owner_and_a_raider_take_turns) {
  model::explore([](model::world& world) {
    guarded one;
    one.work.write(0);
    one.door.leave();
    int raids = 0;
    world.together(
        [&] {
          EXPECT_TRUE(one.call());
          EXPECT_TRUE(one.call());
        },
        [&] { raids += one.raid() ? 1 : 0; });
    EXPECT_EQ(one.work.read(), 2 + raids);
  });
}

// D1 D2
TEST(door_model, two_raiders_and_an_owner_take_turns) {
  model::explore([](model::world& world) {
    guarded one;
    one.work.write(0);
    one.door.leave();
    int first = 0;
    int second = 0;
    world.together([&] { EXPECT_TRUE(one.call()); }, [&] { first = one.raid() ? 1 : 0; }, [&] { second = one.raid() ? 1 : 0; });
    EXPECT_EQ(one.work.read(), 1 + first + second);
  });
}

// D3: the owner may have been before the hand-off, never after.
TEST(door_model, an_owner_whose_scheduler_was_taken_touches_nothing) {
  model::explore([](model::world& world) {
    guarded one;
    one.work.write(0);
    one.door.leave();
    bool taken = false;
    int calls = 0;
    world.together(
        [&] {
          calls += one.call() ? 1 : 0;
          calls += one.call() ? 1 : 0;
        },
        [&] {
          taken = one.take();
          if (taken) one.work.write(one.work.read() + 10);  // no door between: it is the taker's
        });
    EXPECT_TRUE(taken || calls == 2);
    EXPECT_EQ(one.work.read(), calls + (taken ? 11 : 0));
  });
}

// D2: who raids late, by a reference to the scheduler from before, gets nothing.
TEST(door_model, a_taken_one_is_not_raided) {
  model::explore([](model::world& world) {
    guarded one;
    one.work.write(0);
    one.door.leave();
    bool taken = false;
    bool raided = false;
    world.together(
        [&] {
          taken = one.take();
          if (taken) one.work.write(one.work.read() + 10);
        },
        [&] { raided = one.raid(); });
    EXPECT_EQ(one.work.read(), (taken ? 11 : 0) + (raided ? 1 : 0));
  });
}

// O2: a spare one goes to work again while a raider still holds a reference to it.
TEST(door_model, a_new_owner_is_inside) {
  model::explore([](model::world& world) {
    guarded one;
    one.work.write(0);
    one.door.leave();
    ASSERT_TRUE(one.take());
    int raids = 0;
    world.together(
        [&] {
          one.door.own();
          one.work.write(one.work.read() + 1);
          one.door.leave();
          EXPECT_TRUE(one.call());
        },
        [&] { raids += one.raid() ? 1 : 0; });
    EXPECT_EQ(one.work.read(), 3 + raids);
  });
}

}  // namespace
}  // namespace mote::detail
