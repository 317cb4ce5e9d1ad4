#include "runtime/stack/stack_arena.hpp"

#include <alloca.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/annotate.hpp"
#include "runtime/os/address_space.hpp"
#include "runtime/stack/context.hpp"

namespace mote::detail {
namespace {

constexpr stack_options small{.arena_bytes = std::size_t{1} << 30};
constexpr stack_options small_without_markers{.arena_bytes = std::size_t{1} << 30, .avoid_markers = true};

#if defined(MOTE_ASAN) || defined(MOTE_TSAN)
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

using classes = std::initializer_list<std::uint8_t>;

std::size_t mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) ++count;
  return count;
}

std::size_t resident_pages(std::byte* begin, std::size_t bytes) {
  std::vector<unsigned char> seen(bytes / page_bytes());
  EXPECT_EQ(::mincore(begin, bytes, seen.data()), 0);
  return static_cast<std::size_t>(
      std::count_if(seen.begin(), seen.end(), [](unsigned char page) { return (page & 1) != 0; }));
}

std::byte* slot_of(stack& which) { return which.guard(); }

std::vector<stack*> take(stack_arena& arena, std::uint8_t size_class, std::size_t count) {
  std::vector<stack*> taken;
  while (taken.size() < count) {
    stack* chain = nullptr;
    if (arena.take(size_class, &chain, std::min(count - taken.size(), stack_arena::most_at_once)) == 0) break;
    for (; chain != nullptr; chain = chain->next) taken.push_back(chain);
  }
  return taken;
}

void give(stack_arena& arena, const std::vector<stack*>& taken) {
  for (stack* each : taken) {
    each->next = nullptr;
    arena.give(each);
  }
}

class any_guards : public testing::TestWithParam<bool> {
 protected:
  stack_arena arena{GetParam() ? small : small_without_markers};
};

std::string kind_name(const testing::TestParamInfo<bool>& with_markers) {
  return with_markers.param ? "markers" : "mappings";
}

INSTANTIATE_TEST_SUITE_P(stack_arena, any_guards, testing::Values(true, false), kind_name);

using any_guards_death = any_guards;
INSTANTIATE_TEST_SUITE_P(stack_arena, any_guards_death, testing::Values(true, false), kind_name);

TEST(stack_arena, size_classes_round_up_and_the_largest_is_named_when_exceeded) {
  EXPECT_EQ(slot_bytes(stack_arena::size_class_of(1)), 64 * kib);
  EXPECT_EQ(stack_arena::size_class_of(64 * kib), 0);
  EXPECT_EQ(stack_arena::size_class_of(64 * kib + 1), 1);
  EXPECT_EQ(stack_arena::size_class_of(default_stack_bytes), 1);
  EXPECT_EQ(stack_arena::size_class_of(std::size_t{1} << 30), 7);
  try {
    stack_arena::size_class_of((std::size_t{1} << 30) + 1);
    FAIL() << "accepted";
  } catch (const std::invalid_argument& refused) {
    EXPECT_NE(std::string(refused.what()).find("1073741824"), std::string::npos) << refused.what();
  }
}

TEST(stack_arena, an_arena_below_the_smallest_is_refused_by_name) {
  EXPECT_THROW(stack_arena(stack_options{.arena_bytes = 1}), std::invalid_argument);
}

TEST(stack_arena, shrinks_until_the_system_grants_its_addresses) {
  const stack_arena arena(stack_options{.arena_bytes = std::size_t{1} << 60});
  EXPECT_LT(arena.usage().arena_bytes, std::size_t{1} << 60);
  EXPECT_GE(arena.usage().arena_bytes, stack_arena::smallest_arena);
}

TEST_P(any_guards, every_class_gives_stacks_that_are_writable_from_limit_to_top) {
  for (std::uint8_t size_class = 0; size_class < 6; ++size_class) {
    const std::vector<stack*> taken = take(arena, size_class, 3);
    ASSERT_EQ(taken.size(), 3u);
    for (stack* each : taken) {
      EXPECT_EQ(each->size_class, size_class);
      EXPECT_GE(each->usable_bytes() + guard_bytes(size_class) + reserve_bytes(size_class) + 2 * kib,
                slot_bytes(size_class));
      *each->limit = std::byte{1};
      *(each->top() - 1) = std::byte{2};
    }
    EXPECT_GE(taken[0] < taken[1] ? taken[1]->limit - taken[0]->top() : taken[0]->limit - taken[1]->top(),
              static_cast<std::ptrdiff_t>(guard_bytes(size_class) + reserve_bytes(size_class)));
    give(arena, taken);
  }
}

TEST_P(any_guards, find_tells_guard_reserve_and_stack_apart) {
  for (const std::uint8_t size_class : classes{0, 1, 2, 5}) {
    for (stack* each : take(arena, size_class, 5)) {
      std::byte* const slot = slot_of(*each);
      const auto expect = [&](const std::byte* address, stack_zone zone) {
        const stack_place place = arena.find(address);
        EXPECT_EQ(place.owner, each);
        EXPECT_EQ(place.zone, zone) << int{size_class} << " at " << address - slot;
      };
      expect(slot, stack_zone::guard);
      expect(each->reserve() - 1, stack_zone::guard);
      expect(each->reserve(), stack_zone::reserve);
      expect(each->limit - 1, stack_zone::reserve);
      expect(each->limit, stack_zone::usable);
      expect(each->top() - 1, stack_zone::usable);
      expect(slot + slot_bytes(size_class) - 1, stack_zone::usable);
    }
  }
  int elsewhere = 0;
  EXPECT_EQ(arena.find(&elsewhere).zone, stack_zone::outside);
  EXPECT_EQ(arena.find(nullptr).owner, nullptr);
}

TEST_P(any_guards, find_knows_no_owner_of_a_slot_never_used) {
  stack* const used = take(arena, 2, 1).at(0);
  EXPECT_EQ(arena.find(slot_of(*used) + 40 * slot_bytes(2)).owner, nullptr);
}

TEST_P(any_guards, given_stacks_come_again_before_new_ones_are_carved) {
  std::vector<stack*> first = take(arena, 1, 20);
  give(arena, first);
  const std::size_t carved = arena.usage().carved;
  EXPECT_EQ(arena.usage().idle, carved);
  std::vector<stack*> second = take(arena, 1, 20);
  EXPECT_EQ(arena.usage().carved, carved);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  EXPECT_EQ(first, second);
}

TEST_P(any_guards, takes_none_once_the_addresses_are_used_up_and_some_again_after_a_give) {
  const std::vector<stack*> all = take(arena, 4, 1000);
  EXPECT_EQ(all.size(), (std::size_t{1} << 30) / slot_bytes(4));
  stack* none = all[0];
  EXPECT_EQ(arena.take(4, &none, 1), 0u);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(arena.take(0, &none, 1), 0u);
  give(arena, {all[3]});
  EXPECT_EQ(arena.take(4, &none, 2), 1u);
  EXPECT_EQ(none, all[3]);
}

TEST_P(any_guards, tops_of_neighbours_fall_into_different_cache_lines_of_a_page) {
  std::set<std::size_t> offsets;
  for (stack* each : take(arena, 1, 64)) offsets.insert(reinterpret_cast<std::uintptr_t>(each->top()) % page_bytes());
  EXPECT_EQ(offsets.size(), stack_colours);
}

TEST_P(any_guards, a_shallow_stack_keeps_one_page) {
  for (stack* each : take(arena, 1, 32)) {
    std::memset(each->top() - 1500, 1, 1500);
    EXPECT_EQ(resident_pages(each->limit, slot_bytes(1) - guard_bytes(1) - reserve_bytes(1)), 1u);
    EXPECT_EQ(resident_pages(slot_of(*each), guard_bytes(1) + reserve_bytes(1)), 0u);
  }
}

TEST_P(any_guards, a_parked_context_keeps_one_page) {
  if (sanitized) GTEST_SKIP() << "frames are larger there";
  machine here;
  here.bind();
  for (stack* each : take(arena, 1, 32)) {
    const context fresh = make_context(*each, [](arrival came) {
      for (;;) came = switch_context(came.from, nullptr, *came.on);
    });
    const arrival back = switch_context(fresh, each, here);
    EXPECT_NE(back.from, fresh);
    EXPECT_EQ(resident_pages(each->limit, slot_bytes(1) - guard_bytes(1) - reserve_bytes(1)), 1u);
  }
}

TEST_P(any_guards, trim_gives_back_what_lies_below_and_keeps_what_lies_above) {
  stack* const deep = take(arena, 2, 1).at(0);
  std::memset(deep->limit, 7, deep->usable_bytes());
  const std::size_t before = resident_pages(deep->limit, slot_bytes(2) - guard_bytes(2) - reserve_bytes(2));
  EXPECT_EQ(before, 704 * kib / page_bytes());
  deep->note_depth(deep->limit);
  std::byte* const keep = deep->top() - 5000;
  trim(*deep, keep);
  EXPECT_LE(resident_pages(deep->limit, slot_bytes(2) - guard_bytes(2) - reserve_bytes(2)), 3u);
  EXPECT_TRUE(std::all_of(keep - 128, deep->top(), [](std::byte each) { return each == std::byte{7}; }));
  EXPECT_EQ(*deep->limit, std::byte{0});
  EXPECT_GT(deep->lowest, deep->limit);
}

TEST_P(any_guards, releasing_unused_stacks_empties_them_and_they_serve_again) {
  const std::vector<stack*> taken = take(arena, 1, 300);
  give(arena, taken);
  std::byte* const first = slot_of(**std::min_element(taken.begin(), taken.end()));
  if (running_on_valgrind()) GTEST_SKIP() << "keeps headers there";
  EXPECT_EQ(arena.release_unused(10), arena.usage().carved - 10);
  std::size_t resident = 0;
  for (std::size_t i = 0; i < 200; ++i)
    resident += resident_pages(first + (i + 1) * slot_bytes(1) - page_bytes(), page_bytes());
  EXPECT_LE(resident, 10u);
  const std::size_t carved = arena.usage().carved;
  for (stack* each : take(arena, 1, 200)) {
    EXPECT_EQ(arena.find(each->top() - 1).owner, each);
    EXPECT_EQ(each->guarded_by, arena.guards());
  }
  EXPECT_EQ(arena.usage().carved, carved);
}

TEST_P(any_guards, an_open_reserve_is_writable_and_closing_it_forgets_what_was_there) {
  for (const std::uint8_t size_class : classes{0, 1, 2}) {
    stack* const over = take(arena, size_class, 1).at(0);
    ASSERT_TRUE(open_reserve(*over));
    EXPECT_FALSE(open_reserve(*over));
    std::memset(over->reserve(), 1, reserve_bytes(size_class));
    close_reserve(*over);
    EXPECT_FALSE(over->reserve_open());
    ASSERT_TRUE(open_reserve(*over));
    EXPECT_EQ(*(over->limit - 1), std::byte{0});
    close_reserve(*over);
  }
}

TEST(stack_arena, many_threads_take_and_give_without_handing_a_stack_out_twice) {
  stack_arena arena(small);
  std::vector<std::thread> threads;
  for (int id = 1; id <= 4; ++id) {
    threads.emplace_back([&arena, id] {
      for (int round = 0; round < 200; ++round) {
        const std::vector<stack*> mine = take(arena, static_cast<std::uint8_t>(round % 2), 40);
        for (stack* each : mine) *(each->top() - 1) = static_cast<std::byte>(id);
        for (stack* each : mine) EXPECT_EQ(*(each->top() - 1), static_cast<std::byte>(id));
        give(arena, mine);
      }
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ(arena.usage().idle, arena.usage().carved);
}

TEST(stack_arena, a_hundred_thousand_guarded_stacks_need_few_mappings) {
  stack_arena arena;
  if (arena.usage().arena_bytes < (std::size_t{32} << 30)) GTEST_SKIP() << "too few addresses here";
  if (arena.guards() != guard_kind::marker) GTEST_SKIP() << arena.guards_text();
  const std::vector<stack*> taken = take(arena, 1, 100'000);
  ASSERT_EQ(taken.size(), 100'000u);
  EXPECT_EQ(arena.usage().unguarded, 0u);
  EXPECT_LT(mappings(), 1000u);
}

TEST(stack_arena, without_markers_the_first_stacks_are_guarded_and_the_rest_are_checked) {
  stack_arena arena(stack_options{.arena_bytes = std::size_t{1} << 30, .avoid_markers = true, .mapped_guards = 100});
  const std::vector<stack*> taken = take(arena, 1, 150);
  ASSERT_EQ(taken.size(), 150u);
  EXPECT_EQ(arena.guards(), guard_kind::mapping);
  EXPECT_EQ(arena.usage().unguarded, arena.usage().carved - 100);
  const auto bare =
      std::find_if(taken.begin(), taken.end(), [](stack* each) { return each->guarded_by == guard_kind::none; });
  ASSERT_NE(bare, taken.end());
  stack& over = **bare;
  EXPECT_TRUE(intact(over));
  EXPECT_FALSE(open_reserve(over));
  std::memset(over.limit - 2000, 5, 4000);  // an overflow into its own reserve, not yet into the neighbour
  EXPECT_FALSE(intact(over));
  trim(over, over.top() - 8192);
  EXPECT_TRUE(intact(over));
}

TEST(stack_arena, mapped_guards_stop_short_of_the_kernels_limit_of_mappings) {
  stack_arena arena(stack_options{.avoid_markers = true});
  if (arena.usage().arena_bytes < (std::size_t{16} << 30)) GTEST_SKIP() << "too few addresses here";
  EXPECT_EQ(take(arena, 1, 40'000).size(), 40'000u);
  EXPECT_LT(mappings(), 33'000u);
  EXPECT_GE(arena.usage().unguarded, 24'000u);
}

// --- what a guard catches: each of these must end the program by SIGSEGV ---------------------------------------------

void write_at(std::byte* address) { *const_cast<volatile std::byte*>(address) = std::byte{1}; }

TEST_P(any_guards_death, every_page_of_reserve_and_guard_is_caught) {
  for (const std::uint8_t size_class : classes{0, 1, 2}) {
    stack* const each = take(arena, size_class, 1).at(0);
    EXPECT_DEATH(write_at(each->limit - 1), "");
    EXPECT_DEATH(write_at(each->reserve()), "");
    EXPECT_DEATH(write_at(each->reserve() - 1), "");
    EXPECT_DEATH(write_at(each->guard()), "");
  }
}

TEST_P(any_guards_death, below_an_open_reserve_all_of_the_guard_is_caught) {
  for (const std::uint8_t size_class : classes{0, 1, 2}) {
    stack* const each = take(arena, size_class, 1).at(0);
    ASSERT_TRUE(open_reserve(*each));
    EXPECT_DEATH(write_at(each->reserve() - 1), "");
    EXPECT_DEATH(write_at(each->guard()), "");
  }
}

// Or the compiler shrinks the block to the bytes it sees used.
void keep(volatile char* block) { __asm__ volatile("" : : "r"(block) : "memory"); }

// A frame whose far end is touched first, as a large local array's is.
[[gnu::noinline]] void jump_down(std::size_t bytes) {
  auto* const block = static_cast<volatile char*>(alloca(bytes));
  keep(block);
  block[0] = 1;
}

[[gnu::noinline]] void fill_then_jump(std::size_t fill, std::size_t jump) {
  auto* const used = static_cast<volatile char*>(alloca(fill));
  keep(used);
  used[fill - 1] = 1;
  jump_down(jump);
  used[fill - 2] = 1;
}

void overflow_by_one_frame(stack& on) {
  machine here;
  here.bind();
  const context fresh = make_context(on, [](arrival came) {
    fill_then_jump(came.on->current->usable_bytes() - 16 * kib, 200 * kib);
    leave_context(came.from, nullptr, *came.on);
  });
  switch_context(fresh, &on, here);
}

TEST_P(any_guards_death, a_frame_of_200_kib_does_not_jump_the_guard_of_a_larger_stack) {
  EXPECT_DEATH(overflow_by_one_frame(*take(arena, 2, 1).at(0)), "");
}

}  // namespace
}  // namespace mote::detail
