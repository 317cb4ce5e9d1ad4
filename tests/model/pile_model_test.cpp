// The claims of runtime/base/pile.hpp under all short interleavings: as a scheduler's remote list.
#include <gtest/gtest.h>

#include "runtime/base/pile.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

struct node {
  model::data<node*> next;
  model::data<int> content;

  void set_link(node* other) { next.write(other); }
};

/// What it takes: how many, and whether their contents are those that were pushed.
int take(pile<node>& from) {
  int taken = 0;
  for (node* each = from.take_all(); each != nullptr; each = each->next.read()) {
    EXPECT_EQ(each->content.read(), 7);
    each->content.write(0);
    ++taken;
  }
  return taken;
}

// O1. Each node comes once, whole; also one that is pushed again.
TEST(pile_model, what_two_push_is_taken_once) {
  model::explore([](model::world& world) {
    pile<node> aside;
    node first, second;
    int taken = 0;
    const auto push = [&](node& each) {
      each.content.write(7);
      aside.push(each);
    };
    world.together([&] { push(first); }, [&] { push(second); }, [&] { taken += take(aside); });
    taken += take(aside);
    EXPECT_EQ(taken, 2);
    EXPECT_TRUE(aside.looks_empty());
  });
}

TEST(pile_model, what_was_taken_may_be_pushed_again) {
  model::explore([](model::world& world) {
    pile<node> aside;
    node one, other;
    other.content.write(7);
    aside.push(other);
    int taken = 0;
    world.together(
        [&] {
          one.content.write(7);
          aside.push(one);
        },
        [&] {
          const int now = take(aside);
          taken += now;
          if (now == 0) return;
          other.content.write(7);
          aside.push(other);
        });
    EXPECT_EQ(taken + take(aside), taken == 0 ? 2 : 3);
  });
}

}  // namespace
}  // namespace mote::detail
