// S7. Who stole little a few times in a row does not ask for more at once; one steal that was worth it, and it does again.
#include <gtest/gtest.h>

#include "scheduler/spoils.hpp"

namespace mote::detail {
namespace {

constexpr std::uint32_t count = 3;
constexpr std::uint64_t much = count * spoils::worth_it_ns;
constexpr std::uint64_t little = much - 1;

void steal(spoils& ours, std::uint64_t lasted_ns) {
  constexpr std::uint64_t now_ns = 1'000'000;
  ours.begin(now_ns, count);
  ours.end(now_ns + lasted_ns);
}

TEST(spoils, a_few_little_ones_in_a_row_are_enough) {
  spoils ours;
  for (unsigned i = 0; i < spoils::most_little; ++i) {
    EXPECT_TRUE(ours.were_worth_it()) << i;
    steal(ours, little);
  }
  EXPECT_FALSE(ours.were_worth_it());
  steal(ours, little);
  EXPECT_FALSE(ours.were_worth_it());
  steal(ours, much);
  EXPECT_TRUE(ours.were_worth_it());
}

TEST(spoils, one_that_is_worth_it_begins_the_row_anew) {
  spoils ours;
  for (unsigned i = 0; i < 100; ++i) {
    steal(ours, (i + 1) % spoils::most_little == 0 ? much : little);
    EXPECT_TRUE(ours.were_worth_it()) << i;
  }
}

TEST(spoils, what_was_not_stolen_is_not_judged) {
  spoils ours;
  for (unsigned i = 1; i < spoils::most_little; ++i) steal(ours, little);
  for (unsigned i = 0; i < 100; ++i) ours.end(1 + i);
  EXPECT_TRUE(ours.were_worth_it());
  steal(ours, little);
  EXPECT_FALSE(ours.were_worth_it());
}

}  // namespace
}  // namespace mote::detail
