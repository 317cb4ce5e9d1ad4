// The word on which a parker sleeps: a permit that unpark leaves and park takes. Apart from the futex, so that a model
// checker can run it.
#pragma once

#include <cstdint>

#include "runtime/base/atomic.hpp"

namespace mote::detail {

/// word_:  none    awake, no permit
///         left    awake, the next park returns at once
///         asleep  the owner is in the kernel, or on the way there or back: on this word's futex
///         away, and larger  the same, but it sleeps in some other call, which its waker knows how to end
/// P1  Only the owner writes asleep or more, and only over none.
/// P2  leave puts a permit there whatever it finds; exactly one leave replaces each asleep or away, and it alone wakes
///     the owner.
/// P3  The owner goes from asleep or away to none by an exchange, so a permit that comes as the time runs out is taken,
///     not lost.
/// O1  leave (release) -> the take or wake_up that gets the permit (acquire): the owner sees all that was written
///     before. leave is a read-modify-write also over a permit, so it continues the release sequence of those before
///     it, and the owner sees what each of them saw.
/// Source: the parker of Rust's standard library (std::sys::sync::thread_parking::futex).
class permit {
 public:
  using word = std::uint32_t;
  static constexpr word awake = 0;
  static constexpr word asleep = 2;
  static constexpr word away = 3;

  /// Owner. True: there was a permit, now taken. False: the owner is announced as asleep, or away.
  bool take_or_announce(word how = asleep) noexcept {
    word seen = none;
    if (word_.compare_exchange_strong(seen, how, relaxed, relaxed)) return false;  // P1
    return word_.exchange(none, acquire) == left;                                     // O1
  }

  /// Owner, announced: awake again. True: a permit came in the meantime, now taken.
  bool wake_up() noexcept { return word_.exchange(none, acquire) == left; }  // O1 P3

  /// Any thread. asleep or more: it is the caller's to wake the owner there. awake: nothing is to be done.
  word leave() noexcept {
    const word found = word_.exchange(left, release);  // O1 P2
    return found >= asleep ? found : awake;
  }

  /// Owner, awake: there is a permit to take.
  bool is_left() const noexcept { return word_.load(relaxed) == left; }
  /// Owner, announced: no permit came so far.
  bool is_asleep() const noexcept { return word_.load(relaxed) == asleep; }

  /// What the kernel compares with asleep before it lets the owner sleep.
  const atomic<word>& futex() const noexcept { return word_; }

 private:
  static constexpr word none = 0;
  static constexpr word left = 1;

  atomic<word> word_{none};
};

}  // namespace mote::detail
