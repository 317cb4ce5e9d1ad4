// The claims of scheduler/door.hpp under all short interleavings: owner, raider and hand-off never meet, and a taken scheduler
// is touched by its new owner alone.
#include <gtest/gtest.h>

#include <type_traits>

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
/// Where no other thread can impose a barrier: the owner pays itself.
struct own_fences : model_fences {
  static void light() noexcept {}
};

/// A scheduler: its door, and what only one may touch at a time.
template <class Fences = model_fences>
struct guarded_by {
  basic_door<Fences> door{std::is_same_v<Fences, own_fences>};
  model::data<int> work;
  model::data<int> left_behind;  ///< by who takes it, for who loses it

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
    left_behind.write(1);
    door.take();
    return true;
  }
};
using guarded = guarded_by<>;

template <class Guarded>
void owner_and_raider_take_turns() {
  model::explore([](model::world& world) {
    Guarded one;
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

// D1 O2 O3
TEST(door_model, an_owner_and_a_raider_take_turns) {
  owner_and_raider_take_turns<guarded>();
}

// D1 O3, without a barrier that reaches other threads.
TEST(door_model, an_owner_that_pays_for_its_barrier_and_a_raider_take_turns) {
  owner_and_raider_take_turns<guarded_by<own_fences>>();
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
          while (calls < 2 && one.call()) ++calls;
          EXPECT_TRUE(calls == 2 || one.left_behind.read() == 1);  // O2
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
