// The store behind kv_server: keys and values in several servers, the shards, each with the keys whose hash says so.
#pragma once

#include <mote/mote.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kv {

struct get {
  std::string key;
};
struct set {
  std::string key;
  mote::bytes value;
};
struct erase {
  std::string key;
};
struct exists {
  std::string key;
};
/// Answered with nothing where the value is no number, or would be too large.
struct increment {
  std::string key;
  std::int64_t by;
};
struct count {};
struct clear {};

/// A server. What it holds is lost when it ends.
struct shard {
  std::unordered_map<std::string, mote::bytes> values;

  std::optional<mote::bytes> handle_call(const get& of) {
    const auto found = values.find(of.key);
    return found != values.end() ? std::optional(found->second) : std::nullopt;
  }
  bool handle_call(set of) { return values.insert_or_assign(std::move(of.key), std::move(of.value)).second; }
  bool handle_call(const erase& of) { return values.erase(of.key) != 0; }
  bool handle_call(const exists& of) { return values.contains(of.key); }
  std::uint64_t handle_call(count) { return values.size(); }
  bool handle_call(clear) {
    values.clear();
    return true;
  }
  std::optional<std::int64_t> handle_call(const increment& of) {
    mote::bytes& value = values.try_emplace(of.key, "0").first->second;
    const std::string_view text = value.view();
    std::int64_t now = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), now);
    if (error != std::errc() || stop != text.data() + text.size() || __builtin_add_overflow(now, of.by, &now)) return {};
    value = mote::bytes(std::to_string(now));
    return now;
  }
};

inline std::string name_of_shard(std::size_t number) { return "kv.shard." + std::to_string(number); }

/// Starts the shards under a supervisor, which is linked to the caller: one that ends is there again, empty.
inline mote::supervisor start_store(std::size_t shards) {
  std::vector<mote::child_spec> children;
  for (std::size_t i = 0; i < shards; ++i) {
    const std::string name = name_of_shard(i);
    children.push_back(mote::child<shard>(name, mote::spawn_options{.name = name}));
  }
  return mote::start_supervisor({.intensity = 10, .period = std::chrono::seconds(10)}, std::move(children));
}

/// What a connection knows of the store. A shard that has been restarted is found again by its name.
class store {
 public:
  explicit store(std::size_t shards) : shards_(shards) {}

  std::size_t shards() const noexcept { return shards_.size(); }
  std::size_t shard_of(std::string_view key) const noexcept { return std::hash<std::string_view>{}(key) % shards_.size(); }

  /// Asks the shard; once more where it has ended since.
  template <class Question>
  auto ask(std::size_t number, const Question& question) {
    mote::server<shard>& whom = shards_[number];
    if (!whom) whom = find(number);
    try {
      return mote::call(whom, question);
    } catch (const mote::no_reply& ended) {
      whom = {};
      if (ended.why().kind() != mote::reason_kind::noproc) throw;
    }
    whom = find(number);
    return mote::call(whom, question);
  }

 private:
  /// Nobody has the name while the shard is being restarted.
  static mote::server<shard> find(std::size_t number) {
    const mote::pid who = mote::whereis(name_of_shard(number));
    if (!who) throw mote::no_reply(mote::reason::noproc);
    return mote::server<shard>(who);
  }

  std::vector<mote::server<shard>> shards_;
};

}  // namespace kv
