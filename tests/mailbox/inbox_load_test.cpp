// How much lies in an inbox, where its count ends.
#include <gtest/gtest.h>

#include "mailbox/inbox.hpp"

namespace mote::detail {
namespace {

constexpr std::uint64_t half_count = std::uint64_t{1} << (inbox_load::count_bits - 1);

std::uint64_t load_of(std::uint64_t count, std::uint64_t units) { return units << inbox_load::count_bits | count; }

TEST(inbox_load, counts_envelopes_and_units) {
  std::uint64_t load = 0;
  for (int i = 0; i < 5; ++i) load = inbox_load::plus(load, 3);
  EXPECT_EQ(inbox_load::count(load), 5u);
  EXPECT_EQ(inbox_load::units(load), 15u);
  EXPECT_EQ(load & (inbox_flags::all | inbox_flags::bounded), 0u);
}

TEST(inbox_load, stays_where_either_has_reached_half) {
  const std::uint64_t counted = inbox_load::plus(load_of(half_count - 1, 7), 1);
  EXPECT_EQ(inbox_load::count(counted), half_count);
  EXPECT_EQ(inbox_load::plus(counted, 1), counted);
  const std::uint64_t half_units = (inbox_load::units_mask >> 1) + 1;
  const std::uint64_t weighed = inbox_load::plus(load_of(7, half_units - 1), 1);
  EXPECT_EQ(inbox_load::units(weighed), half_units);
  EXPECT_EQ(inbox_load::plus(weighed, 1), weighed);
}

TEST(inbox_load, flags_are_not_counted) {
  const std::uint64_t full = load_of(half_count, 0) | inbox_flags::urgent;
  EXPECT_EQ(inbox_load::plus(full, 1), full);
  const std::uint64_t one = inbox_load::plus(inbox_flags::all, 2);
  EXPECT_EQ(inbox_load::count(one), 1u);
  EXPECT_EQ(inbox_load::units(one), 2u);
}

TEST(inbox_load, of_joined_chains_is_the_sum_or_that_of_the_full_one) {
  EXPECT_EQ(inbox_load::joined(load_of(2, 5), load_of(3, 7)), load_of(5, 12));
  const std::uint64_t full = load_of(half_count, 9);
  EXPECT_EQ(inbox_load::joined(full, load_of(3, 7)), full);
  EXPECT_EQ(inbox_load::joined(load_of(3, 7), full), full);
  // Each may be one below; together they have no more than the bits hold.
  const std::uint64_t nearly = load_of(half_count - 1, inbox_load::units_mask >> 1);
  const std::uint64_t both = inbox_load::joined(nearly, nearly);
  EXPECT_EQ(inbox_load::count(both), 2 * (half_count - 1));
  EXPECT_EQ(both & (inbox_flags::all | inbox_flags::bounded), 0u);
  EXPECT_EQ(inbox_load::plus(both, 1), both);
}

TEST(inbox_load, of_a_bounded_inbox_wraps_each_by_itself) {
  const std::uint64_t last = inbox_flags::bounded | load_of(inbox_load::count_mask, 5);
  EXPECT_EQ(inbox_load::wrapped_plus(last, 2), inbox_flags::bounded | load_of(0, 7));
  const std::uint64_t widest = inbox_flags::bounded | load_of(5, inbox_load::units_mask);
  EXPECT_EQ(inbox_load::wrapped_plus(widest, 2), inbox_flags::bounded | load_of(6, 1));
}

struct letter {
  letter* next = nullptr;
};
constexpr auto always = [](std::uint64_t) { return true; };

TEST(bounded_inbox, wants_ordinary_mail_to_find_room) {
  inbox<letter> box;
  letter first, second;
  std::uint64_t load = 0;
  box.open(inbox_flags::bounded);
  EXPECT_EQ(box.push(&first, 1, false, load), pushed::bounded);
  EXPECT_EQ(box.push_if([](std::uint64_t) { return false; }, &first, 1, true, true), pushed::full);
  EXPECT_EQ(box.push(&first, 1, true, load), pushed::queued);
  EXPECT_EQ(box.push_if(always, &second, 1, true, true), pushed::queued);
  EXPECT_EQ(inbox_load::count(box.high()), 1u);  // signals do not count
  EXPECT_EQ(box.take_all().newest, &second);
}

TEST(bounded_inbox, keeps_its_count_over_drains_and_sleeps) {
  inbox<letter> box;
  letter mail[4];
  box.open(inbox_flags::bounded);
  for (letter& each : mail) EXPECT_EQ(box.push_if(always, &each, 2, true, true), pushed::queued);
  EXPECT_TRUE(box.has_mail());
  box.take_all();
  EXPECT_FALSE(box.has_mail());
  EXPECT_TRUE(box.try_sleep(false));
  EXPECT_EQ(box.push_if(always, &mail[0], 2, true, true), pushed::woke);
  EXPECT_TRUE(box.try_sleep(false));
  EXPECT_EQ(box.push_if(always, &mail[0], 2, true, false), pushed::woke_linked);  // not handed over
  EXPECT_FALSE(box.try_sleep(false));
  EXPECT_EQ(inbox_load::count(box.high()), 6u);
  EXPECT_EQ(inbox_load::units(box.high()), 12u);
  box.close();
  EXPECT_EQ(box.push_if(always, &mail[1], 2, true, true), pushed::closed);
  box.open();
  EXPECT_FALSE(box.has_news());
}

TEST(bounded_inbox, what_is_put_back_is_not_counted_twice) {
  inbox<letter> box;
  letter mail;
  box.open(inbox_flags::bounded);
  box.push_if(always, &mail, 2, true, true);
  const auto all = box.take_all();
  box.put_back(all.newest, inbox_load::plus(0, 2));
  EXPECT_EQ(inbox_load::count(box.high()), 1u);
  EXPECT_EQ(box.take_all().newest, &mail);
}

}  // namespace
}  // namespace mote::detail
