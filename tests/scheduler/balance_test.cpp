// S5. Equal work gets equal turns, whichever scheduler it began on.
#include <gtest/gtest.h>
#include <mote/mote.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include "scheduler/group.hpp"
#include "scheduler/level.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t equals = 200;
constexpr std::uint64_t window = equals * 1000;  // turns of all together; the first shows how they begin, and is not judged
constexpr std::uint64_t most_windows = 20;       // another program may hold one of the cores for a few of them

// A process's turns on each of the two schedulers.
struct tally {
  std::array<std::atomic<std::uint64_t>, 2> on{};

  std::uint64_t turns() const { return on[0] + on[1]; }
};

std::atomic<std::uint64_t> taken{0};
std::atomic<bool> are_equal{false};
std::array<tally, equals> tallies;

std::uint64_t sum_on(std::size_t scheduler) {
  return std::accumulate(tallies.begin(), tallies.end(), std::uint64_t{0},
                         [=](std::uint64_t sum, const tally& one) { return sum + one.on[scheduler]; });
}

// No process has three times the turns of another, and both schedulers have their share.
bool equal_turns() {
  const auto [least, most] = std::minmax_element(
      tallies.begin(), tallies.end(), [](const tally& one, const tally& other) { return one.turns() < other.turns(); });
  return most->turns() < 3 * least->turns() && std::min(sum_on(0), sum_on(1)) > window / 10;
}

void forget_turns() {
  for (tally& one : tallies) {
    for (std::atomic<std::uint64_t>& count : one.on) count = 0;
  }
}

// Ready at all times, some microseconds a turn, until a window was equal or all have had enough. Who begins a window judges the
// one before.
void take_turns(std::size_t which) {
  while (!are_equal) {
    const std::uint64_t turn = taken.fetch_add(1, std::memory_order_relaxed);
    if (turn >= most_windows * window) return;
    if (turn % window == 0) {
      are_equal = turn > window && equal_turns();
      if (!are_equal) forget_turns();
    }
    for (int work = 0; work < 1000; ++work) std::atomic_signal_fence(std::memory_order_seq_cst);
    if (are_equal) return;
    ++tallies[which].on[mote::current_scheduler()];
    mote::yield();
  }
}

std::uint64_t migrations() {
  const scheduler_group& group = current_scheduler()->group();
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < group.size(); ++i) sum += group[i].counts().migrations;
  return sum;
}

// Returns how many were migrated.
std::uint64_t run_equals(mote::spawn_options first_half) {
  taken = 0;
  are_equal = false;
  mote::options given;
  given.schedulers = 2;
  std::uint64_t migrated = 0;
  mote::run(
      [&] {
        for (std::size_t i = 0; i < equals; ++i) {
          mote::spawn_monitor(i < equals / 2 ? first_half : mote::spawn_options{}, take_turns, i);
        }
        for (std::size_t i = 0; i < equals; ++i) mote::receive<mote::down>();
        migrated = migrations();
      },
      given);
  return migrated;
}

// All are made on one scheduler. The other, once it has stolen a few, is busy, and gets the rest of its share by migration; now
// and then it has stolen half of them before it began.
TEST(balance, processes_that_are_always_ready_get_equal_turns) {
  std::uint64_t migrated = 0;
  for (int run = 0; run < 20 && migrated == 0; ++run) {
    migrated = run_equals({});
    EXPECT_TRUE(are_equal) << "in each of " << most_windows << " windows one had three times the turns of another, in the last "
                           << sum_on(0) << " of " << window << " turns were taken on scheduler 0";
  }
  EXPECT_GT(migrated, 0u);
}

TEST(balance, what_is_pinned_stays) {
  mote::spawn_options pinned;
  pinned.scheduler = 0;
  run_equals(pinned);
  for (std::size_t i = 0; i < equals / 2; ++i) EXPECT_EQ(tallies[i].on[1], 0u) << i;
  EXPECT_GT(sum_on(1), 0u);
}

constexpr int enough = 1000;
constexpr int no_more = -1;
std::atomic<int> received{0};
std::atomic<int> sent_beside{0};

// More than the consumer can take, until enough has been sent from beside it; but no more than a few thousand ahead of it.
void produce(mote::pid consumer) {
  for (int sent = 0; sent_beside < enough && sent < 10'000'000; ++sent) {
    if (mote::current_scheduler() == 0) ++sent_beside;
    mote::send(consumer, sent);
    while (sent - received > 5000) mote::yield();
  }
  mote::send(consumer, no_more);
}

void consume_slowly() {
  while (mote::receive<int>() != no_more) {
    ++received;
    for (int work = 0; work < 500; ++work) std::atomic_signal_fence(std::memory_order_seq_cst);
  }
}

void start_producer(mote::pid consumer) { mote::spawn_link(produce, consumer); }

// Each of the two has a scheduler to itself, so neither stealing nor levelling would move the producer.
TEST(balance, who_fills_a_mailbox_goes_to_where_it_is_emptied) {
  received = 0;
  sent_beside = 0;
  mote::options given;
  given.schedulers = 2;
  mote::run(
      [] {
        mote::spawn_options first, second;
        first.scheduler = 0;
        second.scheduler = 1;
        const auto consumer = mote::spawn_monitor(first, consume_slowly);
        mote::spawn(second, start_producer, consumer.process);
        mote::receive<mote::down>();
        EXPECT_GT(migrations(), 0u);
      },
      given);
  EXPECT_EQ(sent_beside, enough);
}

// Whatever two have, a few passes later one has at most twice what the other has, counting the one that each runs.
TEST(balance, a_few_passes_level_any_two) {
  for (std::uint32_t less = 0; less < 300; ++less) {
    for (std::uint32_t more = less; more < 300; ++more) {
      std::uint32_t mine = less, theirs = more;
      for (int pass = 0; pass < 5; ++pass) {
        const std::uint32_t given = surplus(mine, theirs);
        mine += given;
        theirs -= given;
      }
      ASSERT_LE(mine, theirs);
      ASSERT_LE(theirs + 1, 2 * (mine + 1)) << less << " and " << more;
      EXPECT_EQ(surplus(theirs, mine), 0u);
    }
  }
}

}  // namespace
}  // namespace mote::detail
