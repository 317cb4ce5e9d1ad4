// mote::bytes: immutable, counted, sliced without a copy.
#include <mote/bytes.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

namespace {

using mote::bytes;

TEST(bytes, copies_what_it_is_made_from) {
  std::string text = "some text";
  const bytes made(text);
  text[0] = 'S';
  EXPECT_EQ(made.view(), "some text");
  EXPECT_EQ(bytes("literal").view(), "literal");
  EXPECT_EQ(bytes(std::string_view("view")).size(), 4u);
  EXPECT_EQ(bytes(std::vector<std::uint8_t>{1, 2, 3})[2], std::byte{3});
  const std::array<std::byte, 2> two{std::byte{1}, std::byte{2}};
  EXPECT_EQ(bytes(std::span(two)), bytes(two));
}

TEST(bytes, without_content_has_no_block) {
  EXPECT_TRUE(bytes().empty());
  EXPECT_EQ(bytes("").data(), nullptr);
  EXPECT_EQ(bytes("").holders(), 0u);
  EXPECT_EQ(bytes(), bytes(""));
  EXPECT_EQ(bytes().slice(0), bytes());
}

TEST(bytes, are_shared_by_copies_and_slices) {
  bytes whole("0123456789");
  bytes copy = whole;
  const bytes part = copy.slice(2, 5);
  EXPECT_EQ(part.view(), "23456");
  EXPECT_EQ(part.data(), whole.data() + 2);
  EXPECT_EQ(whole.holders(), 3u);
  EXPECT_EQ(part.slice(1, 2).view(), "34");
  const bytes moved = std::move(copy);
  EXPECT_EQ(whole.holders(), 3u);
  whole = bytes();
  EXPECT_EQ(moved.holders(), 2u);
  EXPECT_EQ(part.view(), "23456");
}

TEST(bytes, assigned_to_themselves_stay) {
  bytes one("text");
  bytes& same = one;
  one = same;
  EXPECT_EQ(one.view(), "text");
  EXPECT_EQ(one.holders(), 1u);
}

TEST(bytes, slice_ends_with_the_block_and_throws_beyond) {
  const bytes whole("0123");
  EXPECT_EQ(whole.slice(1).view(), "123");
  EXPECT_EQ(whole.slice(1, 100).view(), "123");
  EXPECT_TRUE(whole.slice(4).empty());
  EXPECT_THROW(whole.slice(5), std::out_of_range);
}

TEST(bytes, are_built_in_place) {
  const bytes made = bytes::build(3, [](std::span<std::byte> place) {
    for (std::size_t i = 0; i < place.size(); ++i) place[i] = static_cast<std::byte>('a' + i);
  });
  EXPECT_EQ(made.view(), "abc");
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(made.data()) % 16, 0u);
  EXPECT_THROW(bytes::build(3, [](std::span<std::byte>) { throw std::runtime_error("no data"); }), std::runtime_error);
  EXPECT_THROW(bytes::build(bytes::max_size() + 1, [](std::span<std::byte>) {}), std::length_error);
}

TEST(bytes, compare_and_hash_by_content) {
  const bytes a("text"), b("my text");
  EXPECT_EQ(a, b.slice(3));
  EXPECT_NE(a, b);
  EXPECT_LT(b, a);
  EXPECT_EQ(std::hash<bytes>{}(a), std::hash<std::string_view>{}("text"));
  EXPECT_EQ((std::unordered_set<bytes>{a, b.slice(3)}).size(), 1u);
}

// Under the sanitizers a missing order or a wrong count shows as a race, a leak or a use after free.
TEST(bytes, are_freed_once_whoever_is_last) {
  for (int round = 0; round < 200; ++round) {
    bytes mine(std::string(1000, 'x'));
    std::vector<std::thread> holders;
    for (int i = 0; i < 4; ++i) {
      holders.emplace_back([theirs = mine] {
        for (int copies = 0; copies < 100; ++copies) {
          const bytes part = theirs.slice(static_cast<std::size_t>(copies), 10);
          ASSERT_EQ(part.view(), "xxxxxxxxxx");
        }
      });
    }
    mine = bytes();
    for (std::thread& holder : holders) holder.join();
  }
}

}  // namespace
