// S1 and S2 of the timer's state: fire and cancel race from two threads, one wins each time and owns the payload.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "runtime/os/cores.hpp"
#include "runtime/os/this_thread.hpp"
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
  std::uint64_t shared_rounds = 0;            // owner thread; rounds in which each side took some of the batch
  std::atomic<std::uint64_t> entered{0};      // the round that the other thread is in
  std::atomic<std::uint64_t> round{0};        // odd: the ids are there to be cancelled
  std::atomic<bool> over{false};
};

void fire_one(timer& fired) noexcept {
  ++*static_cast<std::uint64_t*>(fired.payload);
  ++static_cast<race*>(fired.subject)->fired;
}

// Wrong deadlines would come from a later arming in the same memory (O3).
void cancel_batch(race& shared, bool pause) {
  for (std::size_t i = batch; i-- > 0;) {
    if (pause && i == batch / 2) std::this_thread::yield();  // or one processor would never see both sides win
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
    shared.entered.store(round);
    cancel_batch(shared, round % 8 == 1);
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
  const std::uint64_t fired_before = shared.fired;
  shared.round.store(round);
  for (int spins = 0; shared.entered.load() != round; ++spins) {
    if (spins >= 1000) std::this_thread::yield();
  }
  while (shared.round.load() == round) {
    if (wheel.advance(now, 1) == 0) std::this_thread::yield();
  }
  while (wheel.size() != 0) wheel.advance(now, batch);
  for (const std::uint64_t touched : shared.payloads) EXPECT_EQ(touched, 1U);
  const std::uint64_t fired = shared.fired - fired_before;
  shared.shared_rounds += fired != 0 && fired != batch;
}

std::uint64_t fire_until_both_won_often(race& shared) {
  std::uint64_t now = 0, rounds = 0;
  timer_wheel wheel(now);
  while (rounds < most_rounds && !testing::Test::HasFailure() &&
         (rounds < 5000 || shared.fired < least_of_each || shared.cancelled < least_of_each)) {
    fire_against_cancel(shared, wheel, now);
    ++rounds;
  }
  shared.over.store(true);
  return rounds;
}

// Each on a processor of its own where there are two: threads that wake each other tend to be put on one.
TEST(timer_race, either_fire_or_cancel_takes_a_timer_and_both_happen) {
  auto shared = std::make_unique<race>();
  const std::vector<int> cpus = usable_cpu_ids();
  std::uint64_t rounds = 0;
  std::thread owner([&] {
    EXPECT_FALSE(bind_to_cpu(cpus.front()));
    rounds = fire_until_both_won_often(*shared);
  });
  std::thread canceller([&] {
    EXPECT_FALSE(bind_to_cpu(cpus.back()));
    cancel_until_over(*shared);
  });
  owner.join();
  canceller.join();
  EXPECT_EQ(shared->fired + shared->cancelled, rounds * batch);
  EXPECT_GE(shared->fired, least_of_each);
  EXPECT_GE(shared->cancelled, least_of_each);
  EXPECT_GE(shared->shared_rounds, 100U);
  EXPECT_GT(shared->deadlines_seen, 0U);
  RecordProperty("fired", std::to_string(shared->fired));
  RecordProperty("cancelled", std::to_string(shared->cancelled));
  RecordProperty("shared_rounds", std::to_string(shared->shared_rounds));
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
