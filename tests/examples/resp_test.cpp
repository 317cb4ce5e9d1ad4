// The protocol parser of kv_server: whatever comes, in whatever portions, it is a command, a request for more, or an error,
// and what it holds is bounded.
#include "examples/resp.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using command = std::vector<std::string>;
using outcome = resp::parser::outcome;

struct read_result {
  std::vector<command> commands;
  bool broken = false;
};

/// Feeds the text in portions of this size, 0: at once.
read_result read_all(std::string_view text, std::size_t portion, resp::limits most = {}) {
  resp::parser input(most);
  read_result all;
  std::vector<std::string_view> words;
  if (portion == 0) portion = std::max<std::size_t>(text.size(), 1);
  for (std::size_t at = 0; at < text.size() && !all.broken; at += portion) {
    input.feed(text.substr(at, portion));
    outcome found;
    while ((found = input.next(words)) == outcome::command) all.commands.emplace_back(words.begin(), words.end());
    all.broken = found == outcome::broken;
  }
  return all;
}

std::string array_of(const command& words) {
  std::string text = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string& word : words) resp::bulk(text, word);
  return text;
}

class numbers {
 public:
  explicit numbers(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t limit) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state_ >> 33) % limit;
  }

 private:
  std::uint64_t state_;
};

TEST(resp_parser, reads_arrays_and_lines_in_any_portions) {
  const std::string text = array_of({"SET", "key", "value\r\nwith a line"}) + "PING\r\n" + "  get   key \n" + "\r\n" +
                           "*0\r\n" + array_of({"GET", ""}) + "*-1\r\n" + array_of({"x"});
  const std::vector<command> wanted{{"SET", "key", "value\r\nwith a line"}, {"PING"}, {"get", "key"}, {"GET", ""}, {"x"}};
  for (std::size_t portion = 0; portion < 40; ++portion) {
    const read_result got = read_all(text, portion);
    EXPECT_FALSE(got.broken);
    EXPECT_EQ(got.commands, wanted) << "portions of " << portion;
  }
}

TEST(resp_parser, refuses_what_makes_no_sense_and_says_why) {
  for (const char* text : {"*x\r\n", "*1\r\n:1\r\n", "*1\r\n$x\r\n", "*1\r\n$-1\r\n", "*1\r\n$1\r\nab\r\n", "*99999999999999999999\r\n",
                           "*1\r\n$99999999999\r\n", "*-2\r\n", "*2000\r\n", "*1\r\n$1048577\r\n", "*1 \r\n"}) {
    resp::parser input;
    input.feed(text);
    std::vector<std::string_view> words;
    EXPECT_EQ(input.next(words), outcome::broken) << text;
    EXPECT_FALSE(input.error().empty()) << text;
    input.feed("PING\r\n");
    EXPECT_EQ(input.next(words), outcome::broken) << "once broken, it stays so";
  }
}

TEST(resp_parser, waits_for_the_rest_of_half_a_request) {
  const std::string text = array_of({"SET", "key", "value"});
  for (std::size_t size = 1; size < text.size(); ++size) {
    resp::parser input;
    std::vector<std::string_view> words;
    input.feed(std::string_view(text).substr(0, size));
    EXPECT_EQ(input.next(words), outcome::need_more);
    input.feed(std::string_view(text).substr(size));
    EXPECT_EQ(input.next(words), outcome::command);
    EXPECT_EQ(words.size(), 3u);
  }
}

// Each of these goes on for ever: it is refused before more than the limits has come in.
TEST(resp_parser, holds_no_more_than_its_limits) {
  const resp::limits most{.words = 16, .word_bytes = 1000, .command_bytes = 4000, .line_bytes = 500};
  const std::string word = "$900\r\n" + std::string(900, 'w') + "\r\n";
  for (const auto& [begin, more] : std::vector<std::pair<std::string, std::string>>{
           {"", "x"}, {"*16\r\n", word}, {"*1\r\n$1000\r\n", "y"}, {"*", "1"}, {"*1\r\n$", "1"}, {"", "a b c "}}) {
    resp::parser input(most);
    std::vector<std::string_view> words;
    input.feed(begin);
    std::size_t fed = 0;
    while (input.next(words) == outcome::need_more && fed < 100'000) {
      input.feed(more);
      fed += more.size();
    }
    EXPECT_LE(fed, 5000u) << begin << more;
  }
}

// A megabyte, a byte at a time: the work must stay in proportion, or this takes minutes.
TEST(resp_parser, reads_a_megabyte_byte_by_byte) {
  const std::string text = array_of({"SET", "key", std::string(1 << 20, 'v')});
  const read_result got = read_all(text, 1);
  ASSERT_EQ(got.commands.size(), 1u);
  EXPECT_EQ(got.commands[0][2].size(), std::size_t{1} << 20);
  command many(1000, "word");
  EXPECT_EQ(read_all(array_of(many), 1).commands, std::vector<command>{many});
}

// Valid input with bytes changed, cut out and doubled. The portions must not matter for what is read.
TEST(resp_parser, survives_mutated_input_the_same_way_in_any_portions) {
  const resp::limits most{.words = 20, .word_bytes = 300, .command_bytes = 2000, .line_bytes = 200};
  const std::string letters = "*$\r\n-0123456789 aZ\0\xff";
  std::size_t broken = 0, read = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    numbers draw(seed);
    std::string text;
    for (std::size_t i = 1 + draw.below(4); i != 0; --i) {
      command one(1 + draw.below(4));
      for (std::string& word : one) word.assign(draw.below(40), letters[draw.below(letters.size())]);
      text += draw.below(4) == 0 ? "PING a b\r\n" : array_of(one);
    }
    for (std::size_t changes = draw.below(6); changes != 0 && !text.empty(); --changes) {
      const std::size_t at = draw.below(text.size());
      switch (draw.below(3)) {
        case 0: text[at] = letters[draw.below(letters.size())]; break;
        case 1: text.erase(at, 1 + draw.below(5)); break;
        default: text.insert(at, text.substr(at, draw.below(20)));
      }
    }
    const read_result whole = read_all(text, 0, most), parts = read_all(text, 1 + draw.below(7), most);
    ASSERT_EQ(whole.commands, parts.commands) << "seed " << seed;
    ASSERT_EQ(whole.broken, parts.broken) << "seed " << seed;
    broken += whole.broken;
    read += whole.commands.size();
  }
  EXPECT_GT(broken, 300u);
  EXPECT_GT(read, 1000u);
}

}  // namespace
