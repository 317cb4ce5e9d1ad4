// The run queue's promises to those who share its work.
#include "scheduler/run_queue.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>

namespace mote::detail {
namespace {

class run_queue_of : public ::testing::TestWithParam<int> {};

// Work of every priority can be shared, and what is kept comes out as often as it went in.
TEST_P(run_queue_of, one_priority_gives_up_the_half_that_would_run_last) {
  std::array<runnable, 10> items;
  run_queue queue;
  for (runnable& item : items) {
    item.priority = static_cast<std::uint8_t>(GetParam());
    queue.push(item);
  }
  std::array<runnable*, 64> out{};
  const auto priority = static_cast<std::uint8_t>(GetParam());
  EXPECT_EQ(queue.size(priority), 10u);
  EXPECT_EQ(queue.size(static_cast<std::uint8_t>((priority + 1) % priorities)), 0u);
  ASSERT_EQ(queue.take_last(out.data(), 64), 5u);
  EXPECT_EQ(queue.size(priority), 5u);
  EXPECT_EQ(queue.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(out[i], &items[5 + i]);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(queue.pop(), &items[i]);
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.has_high());
}
INSTANTIATE_TEST_SUITE_P(each, run_queue_of, ::testing::Values(0, 1, 2));

TEST(run_queue, shares_older_work_beside_a_single_newborn) {
  std::array<runnable, 4> old;
  runnable newborn;
  run_queue queue;
  for (runnable& item : old) queue.push(item);
  queue.push_newborn(newborn);
  std::array<runnable*, 64> out{};
  EXPECT_EQ(queue.take_last(out.data(), 64), 2u);
  EXPECT_EQ(queue.pop(), &newborn);
  EXPECT_EQ(queue.size(), 2u);
}

}  // namespace
}  // namespace mote::detail
