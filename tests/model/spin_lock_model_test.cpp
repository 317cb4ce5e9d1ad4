// The claim of runtime/base/spin_lock.hpp under all short interleavings.
#include <gtest/gtest.h>

#include "runtime/base/spin_lock.hpp"
#include "tests/model/model.hpp"

#include <mutex>

namespace mote::detail {
namespace {

// O1
TEST(spin_lock_model, one_at_a_time_holds_it_and_sees_what_the_last_one_did) {
  model::explore([](model::world& world) {
    spin_lock lock;
    model::data<int> sum;
    sum.write(0);
    const auto add = [&] {
      const std::lock_guard hold(lock);
      sum.write(sum.read() + 1);
    };
    world.together(add, add, add);
    EXPECT_EQ(sum.read(), 3);
  });
}

}  // namespace
}  // namespace mote::detail
