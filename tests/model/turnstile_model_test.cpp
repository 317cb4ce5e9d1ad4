// The claims of runtime/base/turnstile.hpp under all short interleavings; a wait on the word ends with any change of it.
#include <gtest/gtest.h>

#include "runtime/base/turnstile.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

// O1. Each comes in before it is closed, and then what it did is seen, or is refused.
TEST(turnstile_model, who_closed_it_sees_what_those_did_who_were_in) {
  model::explore([](model::world& world) {
    turnstile gate;
    model::data<int> first_work, second_work;
    bool first = false, second = false;
    world.together(
        [&] {
          if (!(first = gate.enter())) return;
          first_work.write(1);
          gate.leave();
        },
        [&] {
          if (!(second = gate.enter())) return;
          second_work.write(1);
          gate.leave();
        },
        [&] {
          gate.close();
          first_work.write(2);  // a race, if one were in still
          second_work.write(2);
        });
    EXPECT_TRUE(gate.is_closed());
    EXPECT_EQ(first_work.read(), 2);
    EXPECT_EQ(second_work.read(), 2);
  });
}

// O2
TEST(turnstile_model, who_is_refused_sees_what_came_before_the_closing) {
  model::explore([](model::world& world) {
    turnstile gate;
    model::data<int> over;
    world.together(
        [&] {
          if (gate.enter()) return gate.leave();
          EXPECT_EQ(over.read(), 1);
        },
        [&] {
          over.write(1);
          gate.close();
        });
  });
}

}  // namespace
}  // namespace mote::detail
