// The claims of runtime/time/timer_state.hpp under all short interleavings.
#include <gtest/gtest.h>

#include "runtime/base/pile.hpp"
#include "runtime/time/timer_state.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

// S1 S2. The owner fires while two others cancel: one of the three gets the payload, which is plain data.
TEST(timer_state, is_ended_by_exactly_one) {
  model::explore([](model::world& world) {
    timer_state state;
    model::data<int> payload;
    payload.write(1);
    state.arm(1, 10);
    int winners = 0;
    const auto take = [&](bool won) {
      if (!won) return;
      ++winners;
      payload.write(payload.read() + 1);
    };
    world.together([&] { take(state.fire(1)); }, [&] { take(state.cancel(1)); }, [&] { take(state.cancel(1)); });
    EXPECT_EQ(winners, 1);
    EXPECT_EQ(payload.read(), 2);
  });
}

// O1. The id travels without any order, so the payload's bytes must come with the state itself.
TEST(timer_state, who_cancels_sees_the_payload) {
  model::explore([](model::world& world) {
    timer_state state;
    model::data<int> payload;
    atomic<std::uint64_t> id{0};
    world.together(
        [&] {
          payload.write(7);
          state.arm(1, 10);
          id.store(1, relaxed);
        },
        [&] {
          const bool won = state.cancel(id.load(relaxed));
          EXPECT_EQ(won ? payload.read() : 7, 7);
        });
  });
}

// ABA. The memory is armed again while an old id is used on it.
TEST(timer_state, a_stale_id_leaves_the_next_timer_alone) {
  model::explore([](model::world& world) {
    timer_state state;
    state.arm(1, 10);
    bool fired = false, cancelled = false;
    world.together(
        [&] {
          fired = state.fire(1);
          if (!fired) return;
          state.recycle();
          state.arm(state.generation(), 20);
        },
        [&] { cancelled = state.cancel(1); });
    EXPECT_NE(fired, cancelled);
    EXPECT_EQ(state.fire(2), fired);
  });
}

// O1 O2. Whatever the moment, an id shows the deadline of its own arming or none.
TEST(timer_state, shows_no_deadline_of_an_earlier_or_later_timer) {
  model::explore([](model::world& world) {
    timer_state state;
    state.arm(1, 10);
    world.together(
        [&] {
          if (!state.fire(1)) return;
          state.recycle();
          state.arm(2, 20);
          if (!state.fire(2)) return;
          state.recycle();
          state.arm(3, 30);
        },
        [&] {
          const std::uint64_t generation = 1 + world.any(2);
          EXPECT_EQ(state.deadline(generation).value_or(generation * 10), generation * 10);
        });
  });
}

struct node {
  model::data<node*> next;
  timer_state state;

  node* link() const { return next.read(); }
  void set_link(node* other) { next.write(other); }
};

// pile.hpp, O1. Two cancel, the owner takes back what it finds: each node once, with its link, and recycles it.
TEST(pile, gives_each_cancelled_timer_to_the_owner_once) {
  model::explore([](model::world& world) {
    pile<node> list;
    node first, second;
    first.state.arm(1, 10);
    second.state.arm(1, 10);
    int taken = 0;
    const auto take_all = [&] {
      for (node* next = list.take_all(); next != nullptr;) {
        node& ended = *next;
        next = ended.link();
        ended.set_link(nullptr);  // the owner's from here on, as the free list's link is
        ended.state.recycle();
        ++taken;
      }
    };
    const auto cancel = [&](node& each) {
      if (each.state.cancel(1)) list.push(each);
    };
    world.together([&] { cancel(first); }, [&] { cancel(second); }, take_all);
    take_all();
    EXPECT_EQ(taken, 2);
    EXPECT_EQ(first.state.generation(), 2U);
    EXPECT_EQ(second.state.generation(), 2U);
  });
}

}  // namespace
}  // namespace mote::detail
