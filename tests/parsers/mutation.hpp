// Inputs with errors in them, by a seed, for as long as is wanted; and what a parser may do with them: refuse or read them, in
// little memory, soon.
//
// PARSER_SECONDS  how long each parser is given inputs; by default the quick share
// PARSER_SEED     which ones
// PARSER_TIMED    set: 1 MB must be read or refused within a second
#pragma once

#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace mote::test {

inline std::uint64_t setting(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

inline std::size_t resident_bytes() {
  std::ifstream pages("/proc/self/statm");
  std::size_t all = 0, resident = 0;
  pages >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

class mutator {
 public:
  explicit mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  /// One of the seeds, with up to four errors.
  std::string make(const std::vector<std::string>& seeds) {
    std::string made = seeds[below(seeds.size())];
    for (std::size_t errors = 1 + below(4); errors > 0; --errors) spoil(made, seeds[below(seeds.size())]);
    return made;
  }

 private:
  void spoil(std::string& text, const std::string& other) {
    static constexpr std::string_view odd[] = {"\xff\xff\xff\xff", std::string_view("\0\0\0\0", 4), "\xff\xff\xff\x7f", "-1",
                                               "9223372036854775807", "\r\n", "1e999", "\"", "}", "["};
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(text.size() - at, 64) + 1);
    switch (below(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(random_());
        break;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ 1 << below(8));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(at, text.substr(at, length));
        break;
      case 4:
        text.insert(at, other.substr(below(other.size() + 1), below(64)));
        break;
      case 5:
        text.replace(at, length, odd[below(std::size(odd))]);
        break;
      default:
        text.resize(at);
    }
  }

  std::mt19937_64 random_;
};

/// parse(input): true when the input got past the parser's first check; what it throws that is no refusal ends the test.
template <class Parse>
void feed(const char* name, const std::vector<std::string>& seeds, Parse&& parse) {
  using clock = std::chrono::steady_clock;
  mutator inputs(setting("PARSER_SEED", 1));
  const auto end = clock::now() + std::chrono::seconds(setting("PARSER_SECONDS", 2));
  constexpr std::size_t warm_up = 1000, most_growth = MOTE_SANITIZED ? 1u << 30 : 64u << 20;
  std::size_t count = 0, past = 0, memory_before = 0;
  for (; clock::now() < end && !::testing::Test::HasFailure(); ++count) {
    if (count == warm_up) memory_before = resident_bytes();
    past += parse(inputs.make(seeds)) ? 1 : 0;
  }
  const std::size_t memory_after = resident_bytes();
  EXPECT_TRUE(count <= warm_up || memory_after < memory_before + most_growth) << memory_before << " to " << memory_after;
  EXPECT_GT(past, count / 100) << "of " << count << ": so the rest of the parser has hardly been tried";
  std::printf("[ parsers  ] %s: %zu inputs, %zu past the first check\n", name, count, past);
}

/// The same with one input of about a megabyte, whole and with errors.
template <class Parse>
void feed_much(const std::string& whole, Parse&& parse) {
  using clock = std::chrono::steady_clock;
  mutator inputs(setting("PARSER_SEED", 1));
  for (int round = 0; round < 4; ++round) {
    const std::string input = round == 0 ? whole : inputs.make({whole});
    const auto begin = clock::now();
    parse(input);
    const bool late = clock::now() - begin > std::chrono::seconds(1);
    EXPECT_FALSE(late && std::getenv("PARSER_TIMED") != nullptr) << "round " << round;
  }
}

inline std::string repeated(const std::string& part, std::size_t bytes) {
  std::string all;
  while (all.size() < bytes) all += part;
  return all;
}

}  // namespace mote::test
