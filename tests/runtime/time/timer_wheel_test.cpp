// The timing wheel beside an oracle that keeps its timers sorted, and the claims of its header one by one.
#include "runtime/time/timer_wheel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <vector>

namespace mote::detail {
namespace {

constexpr std::uint64_t tick = timer_wheel::tick_ns;
constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t year = 365ULL * 24 * 3600 * 1'000'000'000;
constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

std::uint64_t rounded_up(std::uint64_t deadline_ns) { return (deadline_ns + tick - 1) / tick * tick; }

struct log_of_fired {
  std::vector<std::uint64_t> details;
};

void note(timer& fired) noexcept { static_cast<log_of_fired*>(fired.subject)->details.push_back(fired.detail); }

timer_id arm(timer_wheel& wheel, std::uint64_t deadline_ns, log_of_fired& log, std::uint64_t detail = 0) {
  return wheel.arm(deadline_ns, note, &log, detail, nullptr);
}

TEST(timer_wheel, never_fires_early_and_fires_at_the_deadline_rounded_up_to_a_tick) {
  for (const std::uint64_t wait :
       {1UL, tick - 1, tick, tick + 1, 64 * tick, 65 * tick + 5, 4096 * tick - 1, year, 500 * year}) {
    const std::uint64_t start = 17 * year + 12345;
    timer_wheel wheel(start);
    log_of_fired log;
    arm(wheel, start + wait, log);
    const std::uint64_t due = rounded_up(start + wait);
    EXPECT_LE(wheel.next_deadline(), due);
    EXPECT_EQ(wheel.advance(start + wait - 1, all), 0U) << wait;
    EXPECT_EQ(wheel.advance(due - 1, all), 0U) << wait;
    EXPECT_EQ(wheel.next_deadline(), due) << wait;
    EXPECT_EQ(wheel.advance(due, all), 1U) << wait;
    EXPECT_EQ(wheel.next_deadline(), never);
    EXPECT_EQ(wheel.size(), 0U);
  }
}

TEST(timer_wheel, a_deadline_in_the_past_fires_at_the_next_advance) {
  timer_wheel wheel(1000 * tick);
  log_of_fired log;
  arm(wheel, 0, log, 1);
  arm(wheel, 999 * tick, log, 2);
  arm(wheel, 1000 * tick, log, 3);
  EXPECT_LE(wheel.next_deadline(), 1000 * tick);
  EXPECT_EQ(wheel.advance(1000 * tick, all), 3U);
  EXPECT_EQ(log.details, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(timer_wheel, a_deadline_at_the_end_of_time_never_fires) {
  timer_wheel wheel(0);
  log_of_fired log;
  arm(wheel, never, log);
  EXPECT_EQ(wheel.next_deadline(), never);
  EXPECT_EQ(wheel.advance(never, all), 0U);
  EXPECT_EQ(wheel.size(), 1U);
}

TEST(timer_wheel, a_clock_that_goes_back_stands_still) {
  timer_wheel wheel(100 * tick);
  log_of_fired log;
  arm(wheel, 200 * tick, log);
  EXPECT_EQ(wheel.advance(150 * tick, all), 0U);
  EXPECT_EQ(wheel.advance(50 * tick, all), 0U);
  EXPECT_EQ(wheel.advance(200 * tick, all), 1U);
}

TEST(timer_wheel, fires_at_most_as_many_as_asked_and_the_rest_next) {
  timer_wheel wheel(0);
  log_of_fired log;
  for (std::uint64_t i = 0; i < 100'000; ++i) arm(wheel, 5000 * tick, log, i);
  std::size_t calls = 0;
  while (wheel.size() != 0) {
    ASSERT_LE(wheel.next_deadline(), 5000 * tick);
    ASSERT_LE(wheel.advance(5000 * tick, 64), 64U);
    ASSERT_LT(++calls, 5000U);
  }
  EXPECT_EQ(log.details.size(), 100'000U);
  EXPECT_EQ(wheel.next_deadline(), never);
}

TEST(timer_wheel, one_advance_moves_a_bounded_number_of_timers_down) {
  timer_wheel wheel(0);
  log_of_fired log;
  const std::uint64_t far = 64 * 64 * tick;
  for (std::uint64_t i = 0; i < 10'000; ++i) arm(wheel, far + (i % 60 + 2) * tick, log, i);
  EXPECT_EQ(wheel.advance(far + tick, 10), 0U);  // opens the slot, which holds more than one call may move
  EXPECT_EQ(wheel.next_deadline(), far);         // so there is more to do at once
  EXPECT_EQ(wheel.advance(far + tick, all), 0U);
  EXPECT_EQ(wheel.next_deadline(), far + 2 * tick);
  EXPECT_EQ(wheel.advance(far + 61 * tick, all), 10'000U);
}

TEST(timer_wheel, cancel_gives_the_payload_back_once) {
  timer_wheel wheel(0);
  log_of_fired log;
  int payload = 0;
  const timer_id id = wheel.arm(10 * tick, note, &log, 0, &payload);
  EXPECT_EQ(timer_wheel::deadline_of(id), 10 * tick);
  void* taken = nullptr;
  EXPECT_TRUE(timer_wheel::cancel(id, &wheel, &taken));
  EXPECT_EQ(taken, &payload);
  taken = nullptr;
  EXPECT_FALSE(timer_wheel::cancel(id, &wheel, &taken));
  EXPECT_EQ(taken, nullptr);
  EXPECT_EQ(timer_wheel::deadline_of(id), std::nullopt);
  EXPECT_EQ(wheel.next_deadline(), never);
  EXPECT_EQ(wheel.advance(20 * tick, all), 0U);
}

TEST(timer_wheel, the_next_deadline_is_that_of_the_timers_left) {
  for (const bool from_elsewhere : {false, true}) {
    timer_wheel wheel(0);
    log_of_fired log;
    const timer_id soon = arm(wheel, 10 * tick, log);
    arm(wheel, 20 * tick, log);
    EXPECT_EQ(wheel.next_deadline(), 10 * tick);
    EXPECT_TRUE(timer_wheel::cancel(soon, from_elsewhere ? nullptr : &wheel));
    wheel.advance(tick, all);
    EXPECT_EQ(wheel.next_deadline(), 20 * tick);
  }
}

TEST(timer_wheel, a_stale_id_does_not_touch_the_next_timer_in_the_same_memory) {
  timer_wheel wheel(0);
  log_of_fired log;
  const timer_id first = arm(wheel, tick, log);
  EXPECT_EQ(wheel.advance(tick, all), 1U);
  const timer_id second = arm(wheel, 3 * tick, log);
  ASSERT_EQ(first.node, second.node);
  EXPECT_FALSE(timer_wheel::cancel(first, &wheel));
  EXPECT_EQ(timer_wheel::deadline_of(first), std::nullopt);
  EXPECT_EQ(timer_wheel::deadline_of(second), 3 * tick);
  EXPECT_EQ(wheel.advance(3 * tick, all), 1U);
}

TEST(timer_wheel, no_id_is_no_timer) {
  EXPECT_FALSE(timer_wheel::cancel({}, nullptr));
  EXPECT_EQ(timer_wheel::deadline_of({}), std::nullopt);
}

TEST(timer_wheel, one_cancelled_from_elsewhere_is_taken_back_by_the_next_advance) {
  timer_wheel wheel(0);
  log_of_fired log;
  int payload = 0;
  const timer_id id = wheel.arm(10 * tick, note, &log, 0, &payload);
  void* taken = nullptr;
  EXPECT_TRUE(timer_wheel::cancel(id, nullptr, &taken));
  EXPECT_EQ(taken, &payload);
  EXPECT_EQ(wheel.size(), 1U);
  EXPECT_EQ(wheel.advance(tick, all), 0U);
  EXPECT_EQ(wheel.size(), 0U);
  EXPECT_EQ(wheel.next_deadline(), never);
  EXPECT_EQ(arm(wheel, 20 * tick, log).node, id.node);
}

TEST(timer_wheel, cancels_from_elsewhere_do_not_pile_up_between_arms) {
  timer_wheel wheel(0);
  log_of_fired log;
  const timer_id first = arm(wheel, 10 * tick, log);
  timer_wheel::cancel(first, nullptr);
  EXPECT_EQ(arm(wheel, 10 * tick, log).node, first.node);  // taken back by arm, before it asks for memory
}

struct neighbours {
  timer_wheel* wheel;
  timer_id other;
  bool from_elsewhere;
  bool cancelled = false;
};

void cancel_the_other(timer& fired) noexcept {
  auto& subject = *static_cast<neighbours*>(fired.subject);
  subject.cancelled = timer_wheel::cancel(subject.other, subject.from_elsewhere ? nullptr : subject.wheel);
}

TEST(timer_wheel, fire_may_cancel_a_timer_of_the_same_tick) {
  for (const bool from_elsewhere : {false, true}) {
    timer_wheel wheel(0);
    log_of_fired log;
    neighbours subject{&wheel, {}, from_elsewhere};
    wheel.arm(5 * tick, cancel_the_other, &subject, 0, nullptr);
    subject.other = arm(wheel, 5 * tick, log);
    EXPECT_EQ(wheel.advance(5 * tick, all), 1U);
    EXPECT_TRUE(subject.cancelled);
    EXPECT_TRUE(log.details.empty());
    wheel.advance(5 * tick, all);
    EXPECT_EQ(wheel.size(), 0U);
  }
}

TEST(timer_wheel, fire_cannot_cancel_itself) {
  timer_wheel wheel(0);
  neighbours subject{&wheel, {}, false};
  subject.other = wheel.arm(5 * tick, cancel_the_other, &subject, 0, nullptr);
  EXPECT_EQ(wheel.advance(5 * tick, all), 1U);
  EXPECT_FALSE(subject.cancelled);
}

void arm_again_at_once(timer& fired) noexcept {
  fired.home().arm(0, arm_again_at_once, fired.subject, fired.detail + 1, nullptr);
  note(fired);
}

TEST(timer_wheel, fire_may_arm_and_one_already_past_waits_for_the_next_advance) {
  timer_wheel wheel(0);
  log_of_fired log;
  wheel.arm(5 * tick, arm_again_at_once, &log, 0, nullptr);
  for (std::size_t round = 1; round <= 3; ++round) {
    EXPECT_EQ(wheel.advance(5 * tick, all), 1U);
    EXPECT_EQ(log.details.size(), round);
  }
}

void drop_payload(timer& pending) noexcept { delete static_cast<int*>(pending.payload); }

TEST(timer_wheel, its_death_hands_over_the_payloads_of_armed_timers) {
  static int dropped;  // the callback has no other place to count
  dropped = 0;
  {
    timer_wheel wheel(0, [](timer& pending) noexcept {
      ++dropped;
      drop_payload(pending);
    });
    for (const std::uint64_t deadline : {0UL, 5 * tick, 5000 * tick, year}) {
      wheel.arm(deadline, drop_payload, nullptr, 0, new int);
    }
    const timer_id elsewhere = wheel.arm(7 * tick, drop_payload, nullptr, 0, new int);
    void* payload = nullptr;
    ASSERT_TRUE(timer_wheel::cancel(elsewhere, nullptr, &payload));
    delete static_cast<int*>(payload);
    ASSERT_EQ(wheel.advance(5 * tick, all), 2U);
  }
  EXPECT_EQ(dropped, 2);
}

// A seeded history of arms, cancels from both sides and advances, told to a wheel and to a sorted map of what is
// pending.
class history {
 public:
  explicit history(std::uint64_t seed) : random_(seed), now_(random_() >> (seed % 40)), wheel_(now_) {}

  void step() {
    const std::uint64_t dice = random_() % 100;
    if (dice < 55) return arm_one();
    if (dice < 80) return cancel_one();
    advance(dice < 95 ? some_time() : some_time() * 64);
  }

  void finish() {
    for (std::uint64_t step = tick; !pending_.empty(); step += step / 2) advance(step);
    EXPECT_EQ(wheel_.size(), 0U);
    EXPECT_EQ(wheel_.next_deadline(), never);
  }

 private:
  // Of every size, so that every level of the wheel is used, yet without reaching the end of time.
  std::uint64_t some_time() { return random_() >> (14 + random_() % 50); }

  void arm_one() {
    const std::uint64_t wait = some_time();
    const std::uint64_t deadline = random_() % 8 == 0 ? now_ - std::min(now_, wait) : now_ + wait;
    const timer_id id = arm(wheel_, deadline, log_, next_);
    ids_.push_back(id);
    deadlines_.push_back(deadline);
    was_past_.push_back(deadline <= now_);
    pending_.emplace(rounded_up(deadline), next_++);
  }

  void cancel_one() {
    if (ids_.empty()) return;
    const std::uint64_t which = random_() % ids_.size();
    const auto [first, last] = pending_.equal_range(rounded_up(deadlines_[which]));
    const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second == which; });
    const bool armed = found != last;
    EXPECT_EQ(timer_wheel::deadline_of(ids_[which]), armed ? std::optional(deadlines_[which]) : std::nullopt);
    ASSERT_EQ(timer_wheel::cancel(ids_[which], random_() % 2 == 0 ? &wheel_ : nullptr), armed);
    if (armed) pending_.erase(found);
  }

  void advance(std::uint64_t by) {
    now_ += by;
    const std::uint64_t first_due = pending_.empty() ? never : pending_.begin()->first;
    ASSERT_LE(wheel_.next_deadline(), std::max(first_due, now_ - by));
    log_.details.clear();
    const std::size_t most = random_() % 4 == 0 ? random_() % 8 : all;
    const std::size_t fired = wheel_.advance(now_, most);
    ASSERT_EQ(fired, log_.details.size());
    ASSERT_LE(fired, most);
    for (const std::uint64_t which : log_.details) take(which);
    const auto due = static_cast<std::size_t>(std::distance(pending_.begin(), pending_.upper_bound(now_)));
    ASSERT_TRUE(due == 0 || most < 8) << due;
  }

  // The order is that of ticks; one that was past when armed may come after those that were due already.
  void take(std::uint64_t which) {
    const std::uint64_t due = rounded_up(deadlines_[which]);
    ASSERT_LE(deadlines_[which], now_);
    const auto [first, last] = pending_.equal_range(due);
    const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second == which; });
    ASSERT_NE(found, last);
    pending_.erase(found);
    if (was_past_[which]) return;
    ASSERT_GE(due, reached_);
    reached_ = due;
  }

  std::mt19937_64 random_;
  std::uint64_t now_;
  timer_wheel wheel_;
  log_of_fired log_;
  std::vector<timer_id> ids_;
  std::vector<std::uint64_t> deadlines_;
  std::multimap<std::uint64_t, std::uint64_t> pending_;  // rounded deadline, index into ids_
  std::vector<bool> was_past_;
  std::uint64_t reached_ = 0;
  std::uint64_t next_ = 0;
};

TEST(timer_wheel, agrees_with_a_sorted_map_over_random_histories) {
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE(seed);
    history told(seed);
    for (int i = 0; i < 1000 && !testing::Test::HasFatalFailure(); ++i) told.step();
    told.finish();
    if (testing::Test::HasFailure()) return;
  }
}

TEST(timer_wheel, holds_a_million_pending_timers_and_fires_each_once) {
  timer_wheel wheel(0);
  log_of_fired log;
  log.details.reserve(1'000'000);
  for (std::uint64_t i = 0; i < 1'000'000; ++i) arm(wheel, (i * 7919 % 1000 + 1) * 1'000'000, log, i);
  EXPECT_EQ(wheel.size(), 1'000'000U);
  while (wheel.size() != 0) wheel.advance(wheel.next_deadline(), 1000);
  std::sort(log.details.begin(), log.details.end());
  ASSERT_EQ(log.details.size(), 1'000'000U);
  for (std::uint64_t i = 0; i < 1'000'000; ++i) ASSERT_EQ(log.details[i], i);
}

}  // namespace
}  // namespace mote::detail
