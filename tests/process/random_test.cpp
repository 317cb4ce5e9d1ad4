// <mote/random.hpp>
#include "tests/in_process.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

namespace mote::test {
namespace {

static_assert(std::uniform_random_bit_generator<random_source>);

TEST(random_source, gives_other_numbers_each_time) {
  in_every_mode([] {
    std::set<std::uint64_t> seen;
    random_source source;
    for (int i = 0; i < 1000; ++i) seen.insert(source());
    EXPECT_EQ(seen.size(), 1000u);
  });
}

TEST(random_source, serves_the_distributions_of_the_standard_library) {
  in_every_mode([] {
    random_source source;
    std::vector<int> dice(7);
    for (int i = 0; i < 6000; ++i) ++dice.at(static_cast<std::size_t>(std::uniform_int_distribution<int>(1, 6)(source)));
    for (std::size_t face = 1; face <= 6; ++face) EXPECT_GT(dice[face], 700) << face;
    std::vector<int> cards(52);
    std::iota(cards.begin(), cards.end(), 0);
    std::shuffle(cards.begin(), cards.end(), source);
    EXPECT_FALSE(std::is_sorted(cards.begin(), cards.end()));
  });
}

TEST(random_source, is_repeated_by_the_seed) {
  const auto drawn_with = [](const mode& how) {
    std::uint64_t drawn = 0;
    in_mode(how, [&drawn] { drawn = random_source()(); });
    return drawn;
  };
  EXPECT_EQ(drawn_with({1, 7}), drawn_with({1, 7}));
  EXPECT_EQ(drawn_with({2, 7}), drawn_with({2, 7}));
  EXPECT_NE(drawn_with({1, 7}), drawn_with({1, 8}));
  EXPECT_NE(drawn_with({1, {}}), drawn_with({1, {}}));
}

TEST(random_source, belongs_inside_a_process) { EXPECT_THROW(random_source()(), usage_error); }

}  // namespace
}  // namespace mote::test
