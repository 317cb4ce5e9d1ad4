// The claims of runtime/os/parker.hpp under all short interleavings: its source as it is, on a futex of the model's.
#include <gtest/gtest.h>

#include <array>

#include "runtime/os/parker.cpp"  // NOLINT: the source under test, compiled for the model
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

/// Who sleeps on which word, by model thread.
struct sleeper {
  const void* word = nullptr;
  bool woken = false;
};
std::array<sleeper, model::most_threads> sleepers;

}  // namespace

/// The kernel compares and begins the sleep in one step, and reads the newest value. A timeout may pass at any moment.
bool futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected, std::uint64_t timeout_ns) noexcept {
  struct sleep {
    sleeper& self;
    bool timeout;
  };
  model::engine& runs = *model::engine::running();
  runs.atomics().set_fresh(runs.current(), true);
  const std::uint32_t seen = word.load(relaxed);
  runs.atomics().set_fresh(runs.current(), false);
  if (seen != expected) return true;
  sleep mine{sleepers[runs.current()], timeout_ns != no_timeout};
  mine.self = {&word, false};
  model::detail::wait_until({[](void* object) {
                               const sleep& one = *static_cast<sleep*>(object);
                               return one.timeout || one.self.woken;
                             },
                             &mine});
  mine.self.word = nullptr;
  return mine.self.woken;
}

void futex_wake_one(const atomic<std::uint32_t>& word) noexcept {
  model::hook::point();
  for (sleeper& one : sleepers) {
    if (one.word != &word || one.woken) continue;
    one.woken = true;
    return;
  }
}

namespace {

// P2 O1. However they meet, the owner gets up and sees what was written for it.
TEST(parker_model, an_unpark_is_not_lost_and_shows_what_came_before_it) {
  model::explore([](model::world& world) {
    sleepers.fill({});
    parker bed;
    model::data<int> why;
    world.together(
        [&] {
          EXPECT_TRUE(bed.park());
          EXPECT_EQ(why.read(), 1);
        },
        [&] {
          why.write(1);
          bed.unpark();
        });
  });
}

// O1. Two unparks may leave one permit; whoever takes it sees what both did before, or it would wait for ever here.
TEST(parker_model, one_permit_of_two_unparkers_shows_what_both_did) {
  model::explore([](model::world& world) {
    sleepers.fill({});
    parker bed;
    atomic<bool> first{false}, second{false};
    const auto finish = [&](atomic<bool>& part) {
      part.store(true, relaxed);
      bed.unpark();
    };
    world.together(
        [&] {
          while (!first.load(relaxed) || !second.load(relaxed)) bed.park();
        },
        [&] { finish(first); }, [&] { finish(second); });
  });
}

// P3. A permit that comes as the time runs out is taken now or by the next park.
TEST(parker_model, a_timeout_loses_no_permit) {
  model::explore([](model::world& world) {
    sleepers.fill({});
    parker bed;
    model::data<int> why;
    world.together(
        [&] {
          if (!bed.park(1000)) bed.park();
          EXPECT_EQ(why.read(), 1);
        },
        [&] {
          why.write(1);
          bed.unpark();
        });
  });
}

}  // namespace
}  // namespace mote::detail
