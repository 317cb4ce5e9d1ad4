// What the bars are written with. A bar is one promise, run many times while the hazard it is about occurs: it counts
// what was wrong, how often the hazard was hit, and measures. mote-bars runs one and prints
// `bar N pass|fail FIGURE HITS SEED`.
#pragma once

#include <chrono>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace bars {

/// One run of one bar.
struct trial {
  std::uint64_t count = 0;  ///< of what the bar's `about` says
  std::uint64_t seed = 1;   ///< of all that is chosen at random
  bool timed = false;       ///< times count: a late one fails. Otherwise only outcomes do.
  std::uint64_t seconds = 0;  ///< of a bar that lasts for a time
};

/// What came of it. figure holds no blanks.
struct verdict {
  std::uint64_t wrong = 0, hits = 0;
  std::string figure;
};

/// A constant in its own file, named in main.cpp.
struct bar {
  std::string_view name, about;
  std::uint64_t full_count, quick_count;
  verdict (*run)(const trial& now);
  std::uint64_t full_seconds = 0, quick_seconds = 0;  ///< what lasts for a time
};

/// Steele, Lea and Flood's SplitMix64: a sequence that its seed gives again.
class random_numbers {
 public:
  explicit constexpr random_numbers(std::uint64_t seed) noexcept : state_(seed) {}
  constexpr std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  /// 0 .. limit - 1.
  constexpr std::uint32_t below(std::uint32_t limit) noexcept {
    return static_cast<std::uint32_t>((next() >> 32) * limit >> 32);
  }

 private:
  std::uint64_t state_;
};

inline std::int64_t clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// Computes, without a call of the runtime's, for this long.
inline void spin_for(std::int64_t ns) {
  for (const std::int64_t end = clock_ns() + ns; clock_ns() < end;) {}
}

inline std::string milliseconds(std::int64_t ns) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2fms", static_cast<double>(ns) / 1e6);
  return text;
}

/// Counts what is wrong, and says the first of it on stderr.
class complaints {
 public:
  [[gnu::format(printf, 2, 3)]] void add(const char* format, ...) {
    if (++count_ > 10) return;
    va_list values;
    va_start(values, format);
    std::fputs("  ", stderr);
    std::vfprintf(stderr, format, values);
    std::fputc('\n', stderr);
    va_end(values);
  }
  std::uint64_t count() const noexcept { return count_; }

 private:
  std::uint64_t count_ = 0;
};

}  // namespace bars
