// The one place where the runtime asks for the time, for a choice between alternatives, or for a random number. Nothing else
// in the runtime does. Each scheduler has a seam; deterministic mode puts another implementation behind the same calls.
#pragma once

#include <cstdint>

namespace mote::detail {

/// Used by its scheduler's thread only.
class seam {
 public:
  seam() = default;
  seam(const seam&) = delete;
  seam& operator=(const seam&) = delete;
  virtual ~seam() = default;

  /// Nanoseconds of a clock that never goes back.
  virtual std::uint64_t now_ns() noexcept = 0;
  /// One of the alternatives 0 .. count - 1; count > 0.
  virtual std::uint32_t choose(std::uint32_t count) noexcept = 0;
  /// How many reductions the process that runs next may use, where `usual` is the rule.
  virtual std::int32_t slice(std::int32_t usual) noexcept = 0;
  /// Whether the order of ready processes is to be asked of choose.
  virtual bool orders() const noexcept = 0;
  /// Nothing can run before this time. True: time has gone there by itself; false: the caller has to wait.
  virtual bool skip_to(std::uint64_t deadline_ns) noexcept = 0;
};

/// A small generator with 2^64 states: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (2014).
class split_mix {
 public:
  explicit constexpr split_mix(std::uint64_t seed) noexcept : state_(seed) {}
  constexpr std::uint64_t next() noexcept {
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  /// 0 .. count - 1, by Lemire's multiplication; the bias is below 2^-32.
  constexpr std::uint32_t below(std::uint32_t count) noexcept {
    return static_cast<std::uint32_t>((next() >> 32) * count >> 32);
  }

 private:
  std::uint64_t state_;
};

/// Deterministic mode: everything comes from the seed, and time is virtual. It stands still while anything can run and jumps
/// to the next timer when nothing can; each slice takes a microsecond, so that who polls the clock sees it move.
class deterministic_seam final : public seam {
 public:
  explicit deterministic_seam(std::uint64_t seed) noexcept : random_(seed) {}
  std::uint64_t now_ns() noexcept override { return now_; }
  std::uint32_t choose(std::uint32_t count) noexcept override { return count == 1 ? 0 : random_.below(count); }
  std::int32_t slice(std::int32_t usual) noexcept override;
  bool orders() const noexcept override { return true; }
  bool skip_to(std::uint64_t deadline_ns) noexcept override;

 private:
  split_mix random_;
  std::uint64_t now_ = 1'000'000'000;
};

/// Of a scheduler that runs as another's guest: asks that one's, so that both have one clock and one seed. Alone it may go ahead
/// in time.
class guest_seam final : public seam {
 public:
  /// host  outlives this.
  explicit guest_seam(seam& host) noexcept : host_(host) {}
  std::uint64_t now_ns() noexcept override { return host_.now_ns() + ahead_ns_; }
  std::uint32_t choose(std::uint32_t count) noexcept override { return host_.choose(count); }
  std::int32_t slice(std::int32_t usual) noexcept override { return host_.slice(usual); }
  bool orders() const noexcept override { return host_.orders(); }
  bool skip_to(std::uint64_t deadline_ns) noexcept override;

 private:
  seam& host_;
  std::uint64_t ahead_ns_ = 0;
};

}  // namespace mote::detail
