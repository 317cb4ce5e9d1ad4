// S1 and S2 of the timer's state: fire and cancel race from two threads, one wins each time and owns the payload.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <thread>

#include "runtime/time/timer_wheel.hpp"

namespace mote::detail {
namespace {

constexpr std::uint64_t tick = timer_wheel::tick_ns;
constexpr std::size_t batch = 64;
constexpr std::uint64_t least_of_each = 2000;
constexpr std::uint64_t most_rounds = 200'000;

struct race {
  std::array<timer_id, batch> ids;
  std::array<std::uint64_t, batch> payloads;  // each counts its owners: two are a data race
  std::uint64_t fired = 0;                    // owner thread
  std::uint64_t cancelled = 0;                // other thread
  std::uint64_t deadlines_seen = 0;           // other thread
  std::atomic<std::uint64_t> round{0};        // odd: the ids are there to be cancelled
  std::atomic<bool> over{false};
};

void fire_one(timer& fired) noexcept {
  ++*static_cast<std::uint64_t*>(fired.payload);
  ++static_cast<race*>(fired.subject)->fired;
}

// Wrong deadlines would come from a later arming in the same memory (O3).
void cancel_batch(race& shared) {
  for (std::size_t i = batch; i-- > 0;) {
    const std::optional<std::uint64_t> deadline = timer_wheel::deadline_of(shared.ids[i]);
    if (deadline) {
      ++shared.deadlines_seen;
      EXPECT_EQ(*deadline % tick, i);
    }
    void* payload = nullptr;
    if (!timer_wheel::cancel(shared.ids[i], nullptr, &payload)) continue;
    EXPECT_EQ(payload, &shared.payloads[i]);
    ++*static_cast<std::uint64_t*>(payload);
    ++shared.cancelled;
  }
}

void cancel_until_over(race& shared) {
  std::uint64_t done = 0;
  while (!shared.over.load()) {
    const std::uint64_t round = shared.round.load();
    if (round == done || round % 2 == 0) {
      std::this_thread::yield();
      continue;
    }
    cancel_batch(shared);
    done = round;
    shared.round.store(round + 1);
  }
}

void fire_against_cancel(race& shared, timer_wheel& wheel, std::uint64_t& now) {
  for (std::size_t i = 0; i < batch; ++i) {
    shared.payloads[i] = 0;
    shared.ids[i] = wheel.arm(now + tick + i, fire_one, &shared, i, &shared.payloads[i]);
  }
  now += 3 * tick;
  const std::uint64_t round = shared.round.load() + 1;
  shared.round.store(round);
  while (shared.round.load() == round) {
    if (wheel.advance(now, 2) == 0) std::this_thread::yield();
  }
  while (wheel.size() != 0) wheel.advance(now, batch);
  for (const std::uint64_t touched : shared.payloads) EXPECT_EQ(touched, 1U);
}

TEST(timer_race, either_fire_or_cancel_takes_a_timer_and_both_happen) {
  auto shared = std::make_unique<race>();
  std::uint64_t now = 0;
  timer_wheel wheel(now);
  std::thread canceller(cancel_until_over, std::ref(*shared));
  std::uint64_t rounds = 0;
  while (rounds < most_rounds && !testing::Test::HasFailure() &&
         (rounds < 2000 || shared->fired < least_of_each || shared->cancelled < least_of_each)) {
    fire_against_cancel(*shared, wheel, now);
    ++rounds;
  }
  shared->over.store(true);
  canceller.join();
  EXPECT_EQ(shared->fired + shared->cancelled, rounds * batch);
  EXPECT_GE(shared->fired, least_of_each);
  EXPECT_GE(shared->cancelled, least_of_each);
  EXPECT_GT(shared->deadlines_seen, 0U);
  RecordProperty("fired", std::to_string(shared->fired));
  RecordProperty("cancelled", std::to_string(shared->cancelled));
}

// O3 where ids are stale while the owner uses the memory again: the id's own deadline or none, never a later one's.
TEST(timer_race, a_stale_id_never_shows_the_deadline_of_a_later_timer) {
  timer_wheel wheel(0);
  std::atomic<timer*> node{nullptr};
  std::atomic<std::uint64_t> generation{0};
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> shown{0}, stale{0};
  std::thread reader([&] {
    while (!over.load()) {
      const timer_id id{node.load(std::memory_order_relaxed), generation.load(std::memory_order_relaxed)};
      for (int again = 0; again < 8; ++again) {
        const std::optional<std::uint64_t> deadline = timer_wheel::deadline_of(id);
        EXPECT_EQ(deadline.value_or(id.generation * tick), id.generation * tick);
        ++(deadline ? shown : stale);
      }
    }
  });
  std::uint64_t armed = 0;
  // The memory is the same each time, so the generation counts the armings and foretells the deadline.
  while (armed < 100'000 || (armed < 20'000'000 && (shown < 1000 || stale < 1000))) {
    ++armed;
    const timer_id id = wheel.arm(armed * tick, fire_one, nullptr, 0, nullptr);
    ASSERT_EQ(id.generation, armed);
    node.store(id.node, std::memory_order_relaxed);
    generation.store(id.generation, std::memory_order_relaxed);
    if (armed % 64 == 0) std::this_thread::yield();
    ASSERT_TRUE(timer_wheel::cancel(id, &wheel));
  }
  over.store(true);
  reader.join();
  EXPECT_GT(shown, 0U);
  EXPECT_GT(stale, 0U);
}

}  // namespace
}  // namespace mote::detail
