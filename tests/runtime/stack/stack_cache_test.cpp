#include "runtime/stack/stack_cache.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "runtime/os/address_space.hpp"

namespace mote::detail {
namespace {

struct cached : testing::Test {
  stack_arena arena{stack_options{.arena_bytes = std::size_t{1} << 30}};
  stack_cache cache{arena};

  std::size_t in_use() const { return arena.usage().carved - arena.usage().idle; }
};

std::size_t resident_pages(stack& which) {
  std::vector<unsigned char> seen(which.usable_bytes() / page_bytes() + 1);
  EXPECT_EQ(::mincore(which.limit, which.usable_bytes(), seen.data()), 0);
  return static_cast<std::size_t>(
      std::count_if(seen.begin(), seen.end(), [](unsigned char page) { return (page & 1) != 0; }));
}

using stack_cache_test = cached;

TEST_F(stack_cache_test, gives_the_latest_stack_first) {
  stack* const first = cache.take(1);
  stack* const second = cache.take(1);
  cache.give(first);
  cache.give(second);
  EXPECT_EQ(cache.take(1), second);
  EXPECT_EQ(cache.take(1), first);
  cache.give(first);
  cache.give(second);
}

TEST_F(stack_cache_test, hands_out_each_stack_once_and_keeps_classes_apart) {
  std::set<stack*> taken;
  for (const std::uint8_t size_class : std::initializer_list<std::uint8_t>{0, 1, 2, 3}) {
    for (int i = 0; i < 20; ++i) {
      stack* const each = cache.take(size_class);
      ASSERT_NE(each, nullptr);
      EXPECT_EQ(each->size_class, size_class);
      EXPECT_TRUE(taken.insert(each).second);
    }
  }
  for (stack* each : taken) cache.give(each);
}

TEST_F(stack_cache_test, keeps_a_bounded_number_and_returns_the_others_to_the_arena) {
  std::vector<stack*> taken;
  for (int i = 0; i < 1000; ++i) taken.push_back(cache.take(1));
  for (stack* each : taken) cache.give(each);
  EXPECT_LE(in_use(), 64u);
}

TEST_F(stack_cache_test, returns_all_when_it_ends) {
  {
    stack_cache other(arena);
    other.give(other.take(1));
    other.give(other.take(0));
    EXPECT_GT(in_use(), 0u);
  }
  EXPECT_EQ(in_use(), 0u);
}

TEST_F(stack_cache_test, is_empty_handed_once_the_arena_is) {
  std::vector<stack*> all;
  while (stack* each = cache.take(5)) all.push_back(each);
  EXPECT_EQ(all.size(), 16u);
  for (stack* each : all) cache.give(each);
  EXPECT_NE(cache.take(5), nullptr);
}

TEST_F(stack_cache_test, a_very_deep_stack_loses_its_pages_at_once) {
  stack* const deep = cache.take(2);
  std::memset(deep->limit, 1, deep->usable_bytes());
  deep->note_depth(deep->limit);
  cache.give(deep);
  ASSERT_EQ(cache.take(2), deep);
  EXPECT_LE(resident_pages(*deep), 4u);
  EXPECT_EQ(deep->lowest, deep->top());
  cache.give(deep);
}

TEST_F(stack_cache_test, a_deep_stack_loses_its_pages_when_it_leaves_the_cache) {
  std::vector<stack*> taken;
  for (int i = 0; i < 200; ++i) taken.push_back(cache.take(1));
  for (stack* each : taken) {
    std::memset(each->top() - 40 * kib, 1, 40 * kib);
    each->note_depth(each->top() - 40 * kib);
    cache.give(each);
  }
  const auto shallow =
      std::count_if(taken.begin(), taken.end(), [](stack* each) { return resident_pages(*each) <= 4; });
  EXPECT_GE(shallow, 200 - 64);
}

TEST_F(stack_cache_test, an_opened_reserve_is_closed_again) {
  stack* const over = cache.take(1);
  ASSERT_TRUE(open_reserve(*over));
  cache.give(over);
  EXPECT_FALSE(over->reserve_open());
}

}  // namespace
}  // namespace mote::detail
