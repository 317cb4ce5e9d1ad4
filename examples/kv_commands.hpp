// Redis's commands, as far as kv_server knows them, on the store.
#pragma once

#include "kv_store.hpp"
#include "resp.hpp"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kv {

using words = std::vector<std::string_view>;

/// One command: its words, the store, and where the answer goes.
struct job {
  const words& given;
  store& data;
  std::string& out;

  std::string_view word(std::size_t index) const { return given[index]; }
  template <class Question>
  auto ask(std::string_view key, const Question& question) const {
    return data.ask(data.shard_of(key), question);
  }
  /// The sum of what all shards answer.
  template <class Question>
  std::uint64_t ask_all(const Question& question) const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < data.shards(); ++i) sum += data.ask(i, question);
    return sum;
  }
  /// How many of the keys named say yes.
  template <class Question>
  void count_keys() const {
    std::int64_t yes = 0;
    for (std::size_t i = 1; i < given.size(); ++i) yes += ask(word(i), Question{std::string(word(i))});
    resp::number(out, yes);
  }
  void add(std::int64_t by) const {
    const std::optional<std::int64_t> now = ask(word(1), increment{std::string(word(1)), by});
    now ? resp::number(out, *now) : resp::error(out, "ERR value is not an integer or out of range");
  }
};

inline bool same_word(std::string_view given, std::string_view lower) noexcept {
  return std::ranges::equal(given, lower, {}, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

struct command {
  std::string_view name;
  std::size_t least, most;  // words, its name included
  void (*run)(const job& one);
};

inline constexpr std::size_t any_number = ~std::size_t{0};

inline constexpr command commands[] = {
    {"get", 2, 2,
     [](const job& one) {
       const std::optional<mote::bytes> value = one.ask(one.word(1), get{std::string(one.word(1))});
       value ? resp::bulk(one.out, value->view()) : resp::nothing(one.out);
     }},
    {"set", 3, 3,
     [](const job& one) {
       one.ask(one.word(1), set{std::string(one.word(1)), mote::bytes(one.word(2))});
       resp::simple(one.out, "OK");
     }},
    {"del", 2, any_number, [](const job& one) { one.count_keys<erase>(); }},
    {"exists", 2, any_number, [](const job& one) { one.count_keys<exists>(); }},
    {"incr", 2, 2, [](const job& one) { one.add(1); }},
    {"decr", 2, 2, [](const job& one) { one.add(-1); }},
    {"dbsize", 1, 1,
     [](const job& one) { resp::number(one.out, static_cast<std::int64_t>(one.ask_all(count{}))); }},
    {"flushall", 1, 2,
     [](const job& one) {
       one.ask_all(clear{});
       resp::simple(one.out, "OK");
     }},
    {"ping", 1, 2,
     [](const job& one) { one.given.size() == 2 ? resp::bulk(one.out, one.word(1)) : resp::simple(one.out, "PONG"); }},
    {"echo", 2, 2, [](const job& one) { resp::bulk(one.out, one.word(1)); }},
    {"command", 1, any_number, [](const job& one) { resp::array(one.out, 0); }},
    {"config", 2, any_number,
     [](const job& one) {  // redis-benchmark asks how the server persists: it does not
       if (!same_word(one.word(1), "get") || one.given.size() != 3) {
         return resp::error(one.out, "ERR only CONFIG GET of one parameter is known, and no parameter can be set");
       }
       resp::array(one.out, 2);
       resp::bulk(one.out, one.word(2));
       resp::bulk(one.out, "");
     }},
};

/// What a client may have misspelt, made fit for an answer of one line.
inline std::string printable(std::string_view word) {
  std::string text(word.substr(0, 64));
  for (char& c : text) {
    if (c < ' ' || c > '~') c = '?';
  }
  return text;
}

inline void execute(const job& one) {
  const auto* const found = std::ranges::find_if(commands, [&](const command& c) { return same_word(one.word(0), c.name); });
  if (found == std::end(commands)) {
    return resp::error(one.out, "ERR unknown command '" + printable(one.word(0)) + "'");
  }
  if (one.given.size() < found->least || one.given.size() > found->most) {
    return resp::error(one.out, "ERR wrong number of arguments for '" + std::string(found->name) + "' command");
  }
  try {
    found->run(one);
  } catch (const mote::no_reply& failed) {
    resp::error(one.out, "ERR the store failed: " + printable(to_string(failed.why())));
  }
}

}  // namespace kv
