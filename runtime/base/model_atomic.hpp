// Model atomics: what runtime/base/atomic.hpp is under MOTE_MODEL. Each operation is first offered to the model
// checker (tests/model), which may run other model threads before it and may let a load see an older store. The
// layout is that of the real ones, so that a header which asserts its sizes still compiles. Outside of a checked run
// they are plain variables. Included by runtime/base/atomic.hpp alone, which declares word_pair.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "runtime/base/check.hpp"

/// What the checker implements. `where` names the atomic; `latest` is the newest value in its modification order.
namespace mote::model::hook {

using word = std::uint64_t;

/// Other model threads may run now. To be called before `latest` is read.
void point() noexcept;
void constructed(const void* where, word value) noexcept;
void destroyed(const void* where) noexcept;
/// Returns the value seen: the latest or, where the memory model allows it, an older one.
word load(const void* where, word latest, std::memory_order order) noexcept;
word load_latest(const void* where, word latest, std::memory_order order) noexcept;
void store(const void* where, word latest, word desired, std::memory_order order) noexcept;
/// A read-modify-write that turns latest into desired.
void change(const void* where, word latest, word desired, std::memory_order order) noexcept;
/// Whether a compare-exchange may go on to `change`. If not, it was a load: seen is what it saw.
struct verdict {
  bool succeeds;
  word seen;
};
verdict compare(const void* where, word latest, word expected, bool weak, std::memory_order failure) noexcept;
void fence(std::memory_order order) noexcept;
/// The caller spins: it runs again when another thread has written.
void pause() noexcept;

}  // namespace mote::model::hook

namespace mote::detail {

constexpr std::memory_order order_of_failure(std::memory_order success) noexcept {
  if (success == std::memory_order_acq_rel) return std::memory_order_acquire;
  return success == std::memory_order_release ? std::memory_order_relaxed : success;
}

template <class T>
class atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(std::uint64_t));
  using order = std::memory_order;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  constexpr atomic() noexcept : atomic(T{}) {}
  constexpr atomic(T value) noexcept : value_(value) {  // NOLINT: implicit as std::atomic's
    if (!std::is_constant_evaluated()) model::hook::constructed(this, to_word(value));
  }
  constexpr ~atomic() {
    if (!std::is_constant_evaluated()) model::hook::destroyed(this);
  }
  atomic(const atomic&) = delete;
  atomic& operator=(const atomic&) = delete;

  bool is_lock_free() const noexcept { return true; }

  T load(order how = std::memory_order_seq_cst) const noexcept {
    model::hook::point();
    return from_word(model::hook::load(this, to_word(value_), how));
  }
  operator T() const noexcept { return load(); }

  void store(T desired, order how = std::memory_order_seq_cst) noexcept {
    model::hook::point();
    model::hook::store(this, to_word(value_), to_word(desired), how);
    value_ = desired;
  }
  T operator=(T desired) noexcept {
    store(desired);
    return desired;
  }

  /// Ends with any change, so a notify that is forgotten is not found.
  void wait(T old, order how = std::memory_order_seq_cst) const noexcept {
    while (to_word(load(how)) == to_word(old)) model::hook::pause();
  }
  void notify_all() noexcept {}

  T exchange(T desired, order how = std::memory_order_seq_cst) noexcept {
    return change([desired](T) { return desired; }, how);
  }

  bool compare_exchange_weak(T& expected, T desired, order success, order failure) noexcept {
    return compare_exchange(expected, desired, true, success, failure);
  }
  bool compare_exchange_weak(T& expected, T desired, order how = std::memory_order_seq_cst) noexcept {
    return compare_exchange(expected, desired, true, how, order_of_failure(how));
  }
  bool compare_exchange_strong(T& expected, T desired, order success, order failure) noexcept {
    return compare_exchange(expected, desired, false, success, failure);
  }
  bool compare_exchange_strong(T& expected, T desired, order how = std::memory_order_seq_cst) noexcept {
    return compare_exchange(expected, desired, false, how, order_of_failure(how));
  }

  T fetch_add(T by, order how = std::memory_order_seq_cst) noexcept requires std::integral<T> {
    return change([by](T old) { return static_cast<T>(old + by); }, how);
  }
  T fetch_sub(T by, order how = std::memory_order_seq_cst) noexcept requires std::integral<T> {
    return change([by](T old) { return static_cast<T>(old - by); }, how);
  }
  T fetch_or(T bits, order how = std::memory_order_seq_cst) noexcept requires std::integral<T> {
    return change([bits](T old) { return static_cast<T>(old | bits); }, how);
  }
  T fetch_and(T bits, order how = std::memory_order_seq_cst) noexcept requires std::integral<T> {
    return change([bits](T old) { return static_cast<T>(old & bits); }, how);
  }
  T fetch_xor(T bits, order how = std::memory_order_seq_cst) noexcept requires std::integral<T> {
    return change([bits](T old) { return static_cast<T>(old ^ bits); }, how);
  }

 private:
  static std::uint64_t to_word(T value) noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
  }
  static T from_word(std::uint64_t bits) noexcept {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }

  template <class Function>
  T change(Function next, order how) noexcept {
    model::hook::point();
    const T old = value_;
    const T desired = next(old);
    model::hook::change(this, to_word(old), to_word(desired), how);
    value_ = desired;
    return old;
  }

  bool compare_exchange(T& expected, T desired, bool weak, order success, order failure) noexcept {
    model::hook::point();
    const auto [succeeds, seen] = model::hook::compare(this, to_word(value_), to_word(expected), weak, failure);
    if (!succeeds) {
      expected = from_word(seen);
      return false;
    }
    model::hook::change(this, to_word(value_), to_word(desired), success);
    value_ = desired;
    return true;
  }

  T value_;
};

class alignas(16) atomic_pair {
  using order = std::memory_order;

 public:
  constexpr atomic_pair() noexcept : atomic_pair(word_pair{}) {}
  explicit constexpr atomic_pair(word_pair value) noexcept : words_{value.low, value.high} {
    if (std::is_constant_evaluated()) return;
    for (const std::uint64_t& half : words_) model::hook::constructed(&half, half);
  }
  constexpr ~atomic_pair() {
    if (std::is_constant_evaluated()) return;
    for (const std::uint64_t& half : words_) model::hook::destroyed(&half);
  }
  atomic_pair(const atomic_pair&) = delete;
  atomic_pair& operator=(const atomic_pair&) = delete;

  word_pair load_halves(order how) const noexcept {
    const std::uint64_t first = low(how);
    return {first, high(how)};
  }
  std::uint64_t low(order how) const noexcept { return load(words_[0], how); }
  std::uint64_t high(order how) const noexcept { return load(words_[1], how); }

  void store_high(std::uint64_t value, order how) noexcept {
    model::hook::point();
    model::hook::store(&words_[1], words_[1], value, how);
    words_[1] = value;
  }

  bool compare_exchange_upper(std::uint64_t expected, std::uint64_t desired, order success, order failure) noexcept {
    model::hook::point();
    if (words_[1] != expected) {
      static_cast<void>(model::hook::load_latest(&words_[1], words_[1], failure));
      return false;
    }
    MOTE_CHECK(words_[0] == 0);  // what its caller promises
    model::hook::change(&words_[1], expected, desired, success);
    words_[1] = desired;
    return true;
  }

  bool compare_exchange(word_pair& expected, word_pair desired, order success, order failure) noexcept {
    model::hook::point();
    const word_pair latest{words_[0], words_[1]};
    if (latest != expected) {
      expected.low = model::hook::load_latest(&words_[0], latest.low, failure);
      expected.high = model::hook::load_latest(&words_[1], latest.high, failure);
      return false;
    }
    model::hook::change(&words_[0], latest.low, desired.low, success);
    model::hook::change(&words_[1], latest.high, desired.high, success);
    words_[0] = desired.low;
    words_[1] = desired.high;
    return true;
  }

 private:
  static std::uint64_t load(const std::uint64_t& half, order how) noexcept {
    model::hook::point();
    return model::hook::load(&half, half, how);
  }

  std::uint64_t words_[2];
};

inline void fence(std::memory_order order) noexcept {
  model::hook::point();
  model::hook::fence(order);
}

inline void spin_pause() noexcept { model::hook::pause(); }

}  // namespace mote::detail
