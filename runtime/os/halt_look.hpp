// The looks at halted threads (halt.hpp), one at a time: who takes part in which, and when its places are filled. Apart from the
// signals, so that a model checker can run it. Labels: halt.hpp.
//
// state_: the look under way, its number above, below it how many places are taken; at `most` nobody comes any more. 0: none.
// arrived_: of the places taken, filled in.
// Used in signal handlers.
#pragma once

#include "runtime/base/atomic.hpp"

#include <cstddef>
#include <cstdint>

namespace mote::detail {

template <std::size_t most>
class basic_halt_look {
 public:
  // ---- who looks ----
  /// number: not 0. False: another look is under way.
  bool try_begin(std::uint32_t number) noexcept {
    std::uint64_t none = 0;
    if (!state_.compare_exchange_strong(none, state_of(number, 0), acquire, relaxed)) return false;  // H1 O3
    arrived_.store(0, relaxed);  // nobody of the look before is between its place and here (H2)
    return true;
  }
  std::uint32_t number() const noexcept { return number_of(state_.load(relaxed)); }
  std::size_t arrived() const noexcept { return arrived_.load(relaxed); }
  /// Nobody comes any more. How many have; their places are filled once have_arrived says so.
  std::size_t close() noexcept { return places_of(state_.exchange(state_of(number(), most), relaxed)); }  // H2
  bool have_arrived(std::size_t count) const noexcept { return arrived_.load(acquire) >= count; }         // O1
  void end() noexcept { state_.store(0, release); }                                                       // O2 O3

  // ---- who is halted ----
  /// False: that look is over, or nobody comes to it any more. H2
  bool take_place(std::uint32_t number, std::size_t& place) noexcept {
    std::uint64_t seen = state_.load(relaxed);
    do {
      place = places_of(seen);
      if (number_of(seen) != number || place == most) return false;
    } while (!state_.compare_exchange_weak(seen, seen + 1, acquire, relaxed));  // O3
    return true;
  }
  /// The place that was taken is filled in.
  void arrive() noexcept { arrived_.fetch_add(1, release); }  // O1
  bool lasts(std::uint32_t number) const noexcept { return number_of(state_.load(acquire)) == number; }  // O2

 private:
  static constexpr std::uint64_t state_of(std::uint32_t number, std::size_t places) noexcept {
    return std::uint64_t{number} << 32 | places;
  }
  static constexpr std::uint32_t number_of(std::uint64_t state) noexcept { return static_cast<std::uint32_t>(state >> 32); }
  static constexpr std::size_t places_of(std::uint64_t state) noexcept { return static_cast<std::uint32_t>(state); }

  atomic<std::uint64_t> state_{0};
  atomic<std::uint32_t> arrived_{0};
};

}  // namespace mote::detail
