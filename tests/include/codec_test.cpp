// Codecs: what crosses to another OS process comes back as it was; bytes that mean nothing are refused, in bounded memory.
#include "runtime/process/crossing.hpp"

#include <mote/mote.hpp>

#include <gtest/gtest.h>

#include <array>
#include <bitset>
#include <chrono>
#include <complex>
#include <cstring>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <list>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace {

enum class colour : std::uint8_t { red, green };

struct point {
  int x = 0;
  double y = 0;
  bool operator==(const point&) const = default;
};
struct node {
  std::string name;
  std::vector<node> children;
  bool operator==(const node&) const = default;
};
struct flags_in_bits {
  std::string text;
  unsigned low : 3;
  unsigned high : 5;
  bool operator==(const flags_in_bits&) const = default;
};
struct with_array {
  int many[3];
  std::string words[2];
  bool operator==(const with_array&) const = default;
};
struct no_default {
  explicit no_default(int value) : kept(value) {}
  int kept;
  bool operator==(const no_default&) const = default;
};
struct holds_no_default {
  const int first;
  no_default second;
  bool operator==(const holds_no_default&) const = default;
};
struct empty {
  bool operator==(const empty&) const = default;
};
struct stays {};
struct holds_stays {
  int first;
  stays second;
};

}  // namespace

template <>
struct mote::message_traits<no_default> {
  static constexpr bool owns_all = true;
  static void encode(const no_default& value, mote::encoder& out) { out.put(value.kept); }
  static no_default decode(mote::decoder& in) { return no_default(in.get<int>()); }
};
template <>
struct mote::message_traits<stays> {
  static constexpr bool owns_all = true;
};

namespace {

static_assert(mote::crossing_message<node>);
static_assert(mote::crossing_message<holds_no_default>);
static_assert(!mote::crossing_message<holds_stays>);
static_assert(mote::message<holds_stays>);
static_assert(!mote::crossing_message<mote::unsafe_share<int>>);
static_assert(!mote::crossing_message<mote::timer_ref>);
static_assert(!mote::crossing_message<int*>);
static_assert(!mote::crossing_message<std::queue<int>>, "its container cannot be reached");

template <class T>
std::vector<std::byte> encoded(const T& value) {
  mote::encoder out;
  out.put(value);
  return out.take();
}
template <class T>
T back(const T& value) {
  const std::vector<std::byte> bytes = encoded(value);
  mote::decoder in(bytes);
  T made = in.get<T>();
  EXPECT_EQ(in.left(), 0u);
  return made;
}

/// What is sent in the tests below: one of everything.
auto one_of_everything() {
  using namespace std::chrono_literals;
  return std::make_tuple(
      true, 'c', std::int8_t{-1}, 65535u, -5L, 1.5f, 2.5, 3.25L, colour::green, std::string("text"), std::u32string(U"\u00e4"),
      std::vector<int>{1, 2, 3}, std::vector<bool>{true, false}, std::vector<std::string>{"a", ""}, std::deque<point>{{1, 2}},
      std::list<int>{4, 5}, std::forward_list<int>{6, 7}, std::set<std::string>{"x", "y"}, std::multiset<int>{1, 1},
      std::map<int, std::string>{{1, "one"}}, std::multimap<int, int>{{1, 1}, {1, 2}}, std::unordered_set<int>{3},
      std::unordered_map<std::string, point>{{"p", {1, 2}}}, std::array<point, 2>{point{1, 2}, point{3, 4}},
      std::array<int, 0>{}, std::pair<int, std::string>{1, "p"}, std::tuple<>{}, std::optional<int>{}, std::optional<point>{{1, 2}},
      std::variant<int, std::string>{"held"}, std::variant<std::monostate, int>{}, std::complex<double>{1, 2},
      std::bitset<70>{5}, 5s, std::chrono::system_clock::time_point{7ns}, std::chrono::year{2024} / 2 / 29,
      std::filesystem::path("/a/b"), std::make_error_code(std::errc::timed_out), std::strong_ordering::less,
      point{1, 2}, node{"root", {{"leaf", {}}, {"branch", {{"twig", {}}}}}}, flags_in_bits{"bits", 5, 17},
      with_array{{1, 2, 3}, {"a", "b"}}, holds_no_default{1, no_default(2)}, empty{}, std::vector<empty>(3),
      mote::pid(1, 2, 3), mote::ref(4, 5), mote::alias(mote::pid(1, 2, 3), mote::ref(6, 7)), mote::bytes("large"),
      mote::reason::error("wrong", 7), mote::reason::killed);
}

TEST(codec, everything_that_mote_can_look_into_comes_back_as_it_was) {
  const auto sent = one_of_everything();
  const auto received = back(sent);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto same = {std::get<I>(received) == std::get<I>(sent)...};
    for (std::size_t i = 0; i < same.size(); ++i) EXPECT_TRUE(same.begin()[i]) << "element " << i;
  }(std::make_index_sequence<std::tuple_size_v<decltype(sent)>>());
}

TEST(codec, a_reason_brings_its_value_if_that_can_cross) {
  const mote::reason with_value = back(mote::reason::with(point{1, 2}, "text"));
  ASSERT_NE(with_value.value<point>(), nullptr);
  EXPECT_EQ(*with_value.value<point>(), (point{1, 2}));
  EXPECT_EQ(with_value.text(), "text");
  const mote::reason without = back(mote::reason::with(holds_stays{}, "text"));
  EXPECT_EQ(without.value<holds_stays>(), nullptr);
  EXPECT_EQ(without.kind(), mote::reason_kind::custom);
}

TEST(codec, whatever_is_cut_short_is_refused) {
  const std::vector<std::byte> whole = encoded(one_of_everything());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    mote::decoder in(std::span<const std::byte>(whole).first(size));
    EXPECT_THROW(in.get<decltype(one_of_everything())>(), mote::decode_error) << size;
  }
}

TEST(codec, a_count_beyond_the_bytes_that_follow_is_refused_before_anything_is_taken) {
  mote::encoder out;
  out.put(std::uint32_t{0xffff'fff0});
  const std::vector<std::byte> bytes = out.take();
  mote::decoder words(bytes);
  EXPECT_THROW(words.get<std::vector<std::string>>(), mote::decode_error);
  mote::decoder text(bytes);
  EXPECT_THROW(text.get<std::string>(), mote::decode_error);
  mote::decoder block(bytes);
  EXPECT_THROW(block.get<mote::bytes>(), mote::decode_error);
}

TEST(codec, values_that_no_encoder_makes_are_refused) {
  const std::vector<std::byte> nonsense(16, std::byte{7});
  mote::decoder truth(nonsense);
  EXPECT_THROW(truth.get<bool>(), mote::decode_error);
  mote::decoder choice(nonsense);
  EXPECT_THROW((choice.get<std::variant<int, char>>()), mote::decode_error);
}

TEST(codec, what_is_nested_too_deep_is_refused_at_both_ends) {
  node deep{"", {}};
  for (int i = 0; i < 70; ++i) deep = node{"", {std::move(deep)}};
  EXPECT_THROW(encoded(deep), mote::usage_error);
  std::vector<std::byte> claim;
  for (int i = 0; i < 200; ++i) {
    const std::vector<std::byte> level = encoded(std::pair<std::string, std::uint32_t>("", 1u));
    claim.insert(claim.end(), level.begin(), level.end());
  }
  mote::decoder in(claim);
  EXPECT_THROW(in.get<node>(), mote::decode_error);
}

// Bar 18. Mutations of what is right go deeper than noise does.
TEST(codec, bytes_with_errors_are_refused_or_decoded_to_something) {
  const std::vector<std::byte> whole = encoded(one_of_everything());
  std::minstd_rand random(18);
  std::size_t refused = 0, accepted = 0;
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::byte> bytes = whole;
    for (unsigned errors = 1 + random() % 4; errors > 0; --errors) {
      bytes[random() % bytes.size()] = static_cast<std::byte>(random() >> 8);
    }
    mote::decoder in(bytes);
    try {
      static_cast<void>(in.get<decltype(one_of_everything())>());
      ++accepted;
    } catch (const mote::decode_error&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100u);
  EXPECT_GT(accepted, 100u);
}

TEST(codec, each_type_that_is_sent_anywhere_is_known_by_its_name) {
  using mote::detail::message_type_of;
  const auto& type = message_type_of<node>;
  EXPECT_EQ(mote::detail::type_of_name(mote::detail::crossing_name(type)), &type);
  EXPECT_EQ(mote::detail::why_not_crossing(type), "");
  EXPECT_NE(mote::detail::why_not_crossing(message_type_of<holds_stays>).find("holds_stays"), std::string::npos);
  EXPECT_EQ(mote::detail::type_of_name(12345), nullptr);
}

}  // namespace
