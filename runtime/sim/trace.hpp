// What happened in a simulated run, in order: kept, hashed, compared with an earlier run's, and told to a person.
#pragma once

#include "runtime/base/trace_ring.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mote::detail {

struct message_type;

enum class happening : std::uint8_t { scheduler_event, call, took, dropped, ended, fault, stood };

struct occurrence {
  happening what = happening::scheduler_event;
  event which = event::none;          ///< of a scheduler_event
  std::uint8_t scheduler = 0;
  std::uint64_t time_ns = 0;
  std::uint64_t who = 0, other = 0;   ///< keys of processes; what they are for each kind, told() says
  const char* text = "";              ///< lives for ever
  const message_type* type = nullptr;

  /// The same in each build: no address goes in.
  std::uint64_t hash() const noexcept;
};

class run_trace {
 public:
  /// keeps: that many of the last. follows: an earlier run's, to be compared with; outlives it, may be null.
  run_trace(std::size_t keeps, const run_trace* follows) : keeps_(keeps), follows_(follows) {}

  void add(const occurrence& one);
  /// A process and how it is called.
  void know(std::uint64_t key, std::string name) { names_[key] = std::move(name); }
  /// In the user's words, as a line of their own, which counts for nothing in the hash.
  void say(std::string text);

  std::uint64_t hash() const noexcept { return hash_; }
  std::uint64_t count() const noexcept { return count_; }
  std::string name_of(std::uint64_t key) const;
  /// The last of them, a line each.
  std::string told() const;
  std::string told(const occurrence& one) const;

  /// Keeps all from now on, the first million of them for a person.
  void record_all() { records_ = true; }
  /// Whether another is this one so far as that goes, and where not. Of one that records.
  bool has(std::uint64_t number, std::uint64_t hash) const noexcept {
    return number < recorded_.size() && recorded_[number] == hash;
  }
  std::string told_at(std::uint64_t number) const;
  struct parting {
    std::uint64_t number;
    std::string told, before;
  };
  /// The first event that is not that of the one it follows.
  const std::optional<parting>& parted() const noexcept { return parted_; }

 private:
  void record(const occurrence& one, std::uint64_t hash);

  struct line {
    occurrence what;
    std::uint64_t number;
    std::string said;
  };

  const std::size_t keeps_;
  const run_trace* const follows_;
  std::deque<line> last_;
  std::unordered_map<std::uint64_t, std::string> names_;
  static constexpr std::size_t most_recorded_whole = 1'000'000;
  std::vector<std::uint64_t> recorded_;
  std::vector<occurrence> recorded_whole_;
  std::uint64_t hash_ = 14695981039346656037u;
  std::uint64_t count_ = 0;
  bool records_ = false;
  std::optional<parting> parted_;
};

}  // namespace mote::detail
