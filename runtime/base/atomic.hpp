// The atomics of the runtime's lock-free structures, under one name so that the preset `model` can put model atomics
// (model_atomic.hpp) in their place, and the short names of the memory orders.
#pragma once

#include <atomic>
#include <cstdint>

namespace mote::detail {

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

/// Two words changed as one. A load reads the two halves one after the other and may mix two states: use it only as the
/// expected value of compare_exchange, which fails on such a mix.
struct word_pair {
  std::uint64_t low;
  std::uint64_t high;
  friend bool operator==(const word_pair&, const word_pair&) = default;
};

/// Keeps the compiler, not the processor, from moving memory accesses across it.
inline void compiler_fence() noexcept { std::atomic_signal_fence(std::memory_order_seq_cst); }

}  // namespace mote::detail

#ifdef MOTE_MODEL
#include "runtime/base/model_atomic.hpp"
#else
#include "runtime/base/annotate.hpp"

namespace mote::detail {

template <class T>
using atomic = std::atomic<T>;

inline void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }

/// Tells the processor that this thread spins.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

class alignas(16) atomic_pair {
 public:
  constexpr atomic_pair() noexcept = default;
  explicit constexpr atomic_pair(word_pair value) noexcept : words_{value.low, value.high} {}
  atomic_pair(const atomic_pair&) = delete;
  atomic_pair& operator=(const atomic_pair&) = delete;

  word_pair load_halves(std::memory_order order) const noexcept { return {low(order), high(order)}; }
  std::uint64_t low(std::memory_order order) const noexcept { return __atomic_load_n(&words_[0], static_cast<int>(order)); }
  std::uint64_t high(std::memory_order order) const noexcept { return __atomic_load_n(&words_[1], static_cast<int>(order)); }

  /// Changes one half alone. For an owner that knows that the other half stays.
  void store_high(std::uint64_t value, std::memory_order order) noexcept { __atomic_store_n(&words_[1], value, static_cast<int>(order)); }

  /// As compare_exchange of {0, expected} for {0, desired}, where the lower half is never anything but 0 beside this upper one: only
  /// the upper half is looked at and written, in half the time.
  bool compare_exchange_upper(std::uint64_t expected, std::uint64_t desired, std::memory_order success,
                              std::memory_order failure) noexcept {
#if defined(MOTE_TSAN)
    word_pair seen{0, expected};  // the tool takes halves for variables of their own
    return compare_exchange(seen, {0, desired}, success, failure);
#else
    return __atomic_compare_exchange_n(&words_[1], &expected, desired, false, static_cast<int>(success),
                                       static_cast<int>(failure));
#endif
  }

  /// As std::atomic's compare_exchange_strong: on failure, expected becomes what was seen. All orders are served by the
  /// processor's full-barrier instruction; the parameter says which one the algorithm needs, and the model checks that.
  bool compare_exchange(word_pair& expected, word_pair desired, [[maybe_unused]] std::memory_order success,
                        [[maybe_unused]] std::memory_order failure) noexcept {
#if defined(__x86_64__) && !defined(MOTE_TSAN)
    bool changed;  // straight from the processor's flag, which the compilers' own builtin compares for anew
    __asm__ volatile("lock cmpxchg16b %1"
                     : "=@ccz"(changed), "+m"(words_), "+a"(expected.low), "+d"(expected.high)
                     : "b"(desired.low), "c"(desired.high)
                     : "memory");
    return changed;
#else
    const wide old = join(expected);
#if defined(MOTE_TSAN)
    // The tool takes the orders at their word, and so sees no more of them than the algorithm promises.
    wide seen = old;
    wide wanted = join(desired);
    const bool changed = __atomic_compare_exchange(reinterpret_cast<wide*>(words_), &seen, &wanted, false,
                                                   static_cast<int>(success), static_cast<int>(failure));
    if (changed) return true;
#else
    const wide seen = __sync_val_compare_and_swap(reinterpret_cast<wide*>(words_), old, join(desired));
    if (seen == old) return true;
#endif
    expected = {static_cast<std::uint64_t>(seen), static_cast<std::uint64_t>(seen >> 64)};
    return false;
#endif
  }

 private:
  __extension__ typedef unsigned __int128 wide __attribute__((may_alias));

  static wide join(word_pair pair) noexcept { return static_cast<wide>(pair.high) << 64 | pair.low; }

  std::uint64_t words_[2]{};
};

}  // namespace mote::detail

#endif  // MOTE_MODEL
