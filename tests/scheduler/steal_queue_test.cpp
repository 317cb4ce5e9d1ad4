// The claims of scheduler/steal_queue.hpp on real threads; tests/model/steal_queue_model_test.cpp has the
// interleavings.
#include "scheduler/steal_queue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <numeric>
#include <thread>
#include <vector>

namespace mote::detail {
namespace {

struct item {
  std::uint64_t number = 0;
};

/// `count` items and pointers to them, in order.
struct stock {
  explicit stock(std::size_t count) : items(count), pointers(count) {
    for (std::size_t i = 0; i < count; ++i) {
      items[i].number = i;
      pointers[i] = &items[i];
    }
  }
  std::vector<item> items;
  std::vector<item*> pointers;
};

TEST(steal_queue, starts_empty) {
  steal_queue<item, 4> queue;
  item* out[4];
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.pop(out, 4), 0u);
  EXPECT_EQ(queue.steal(out, 4), 0u);
}

TEST(steal_queue, gives_the_owner_the_oldest_first) {
  stock goods(3);
  steal_queue<item, 4> queue;
  ASSERT_EQ(queue.push(goods.pointers.data(), 3), 3u);
  item* out[4];
  ASSERT_EQ(queue.pop(out, 2), 2u);
  EXPECT_EQ(out[0], &goods.items[0]);
  EXPECT_EQ(out[1], &goods.items[1]);
  ASSERT_EQ(queue.pop(out, 4), 1u);
  EXPECT_EQ(out[0], &goods.items[2]);
}

TEST(steal_queue, push_takes_only_what_fits_and_says_how_many) {
  stock goods(6);
  steal_queue<item, 4> queue;
  EXPECT_EQ(queue.push(goods.pointers.data(), 6), 4u);
  EXPECT_EQ(queue.push(goods.pointers.data() + 4, 2), 0u);
  item* out[4];
  ASSERT_EQ(queue.pop(out, 1), 1u);
  EXPECT_EQ(queue.push(goods.pointers.data() + 4, 2), 1u);
  ASSERT_EQ(queue.pop(out, 4), 4u);
  EXPECT_EQ(out[3], &goods.items[4]);
}

TEST(steal_queue, a_thief_gets_the_older_half_rounded_up_and_no_more_than_it_asked_for) {
  stock goods(7);
  steal_queue<item, 8> queue;
  ASSERT_EQ(queue.push(goods.pointers.data(), 7), 7u);
  item* out[8];
  ASSERT_EQ(queue.steal(out, 8), 4u);
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(out[i], &goods.items[i]);
  EXPECT_EQ(queue.size(), 3u);
  EXPECT_EQ(queue.steal(out, 1), 1u);
  EXPECT_EQ(queue.steal(out, 8), 1u);
  EXPECT_EQ(queue.steal(out, 8), 1u);
  EXPECT_EQ(out[0], &goods.items[6]);
  EXPECT_TRUE(queue.empty());
}

TEST(steal_queue, keeps_the_order_through_many_turns_of_the_ring) {
  stock goods(1000);
  steal_queue<item, 4> queue;
  std::size_t pushed = 0;
  std::size_t popped = 0;
  while (popped < goods.items.size()) {
    const auto left = static_cast<std::uint32_t>(goods.items.size() - pushed);
    pushed += queue.push(goods.pointers.data() + pushed, std::min(left, 3u));
    item* out[2];
    const std::uint32_t got = queue.pop(out, 2);
    for (std::uint32_t i = 0; i < got; ++i) ASSERT_EQ(out[i]->number, popped++);
  }
}

/// Takes from `queue` until all items of the test are out, counting each it gets. Returns how many it got.
template <class Queue>
std::uint64_t rob(Queue& queue, std::vector<std::atomic<std::uint8_t>>& times_out, std::atomic<std::uint64_t>& left) {
  std::uint64_t loot = 0;
  item* out[4];
  while (left.load() > 0) {
    const std::uint32_t got = queue.steal(out, 4);
    for (std::uint32_t i = 0; i < got; ++i) times_out[out[i]->number].fetch_add(1);
    if (got == 0) std::this_thread::yield();
    loot += got;
    left.fetch_sub(got);
  }
  return loot;
}

// I1 I2 I3 on real threads. Goes on, for at most 1000 rounds, until thieves really got something.
TEST(steal_queue, each_item_comes_out_once_whoever_takes_it) {
  constexpr std::size_t item_count = 200'000;
  constexpr std::uint64_t enough = 100;  // on one core a thief comes seldom
  std::uint64_t stolen = 0;
  for (int round = 0; round < 1000 && stolen < enough; ++round) {
    stock goods(item_count);
    auto queue = std::make_unique<steal_queue<item, 8>>();
    std::vector<std::atomic<std::uint8_t>> times_out(item_count);
    std::atomic<std::uint64_t> left{item_count};
    std::array<std::uint64_t, 2> loot{};
    std::thread first([&] { loot[0] = rob(*queue, times_out, left); });
    std::thread second([&] { loot[1] = rob(*queue, times_out, left); });
    for (std::size_t pushed = 0; pushed < item_count || !queue->empty();) {
      const auto more = static_cast<std::uint32_t>(std::min<std::size_t>(item_count - pushed, 5));
      pushed += queue->push(goods.pointers.data() + pushed, more);
      item* out[2];
      const std::uint32_t got = queue->pop(out, 2);
      for (std::uint32_t i = 0; i < got; ++i) times_out[out[i]->number].fetch_add(1);
      left.fetch_sub(got);
    }
    first.join();
    second.join();
    stolen += std::accumulate(loot.begin(), loot.end(), std::uint64_t{0});
    for (std::size_t i = 0; i < item_count; ++i) ASSERT_EQ(times_out[i].load(), 1) << "item " << i;
  }
  EXPECT_GE(stolen, enough) << "the thieves hardly ever got anything: nothing was tested";
}

}  // namespace
}  // namespace mote::detail
