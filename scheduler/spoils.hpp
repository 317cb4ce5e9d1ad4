// Whether stealing has been worth it lately (scheduler.hpp, S7). The owner's.
#pragma once

#include <cstdint>
#include <utility>

namespace mote::detail {

class spoils {
 public:
  static constexpr std::uint64_t worth_it_ns = 400;  ///< of work for each that was stolen: what it costs to move one
  static constexpr unsigned most_little = 4;         ///< steals in a row

  /// It has stolen so many, at that time. Nanoseconds, not 0.
  void begin(std::uint64_t now_ns, std::uint32_t count) noexcept {
    since_ns_ = now_ns;
    enough_ns_ = count * worth_it_ns;
  }
  /// It has run out of work, at that time.
  void end(std::uint64_t now_ns) noexcept {
    if (since_ns_ == 0) return;
    little_ = now_ns - std::exchange(since_ns_, 0) < enough_ns_ ? little_ + 1 : 0;
  }
  bool were_worth_it() const noexcept { return little_ < most_little; }

 private:
  std::uint64_t since_ns_ = 0;
  std::uint64_t enough_ns_ = 0;
  unsigned little_ = 0;
};

}  // namespace mote::detail
