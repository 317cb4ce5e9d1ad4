// The sending end of a mailbox: any thread pushes, the owning process drains. Messages, signals, timeouts and wake-ups all
// come through here, so a process that waits has one door to wake by.
//
// One pair of words is all there is. low: the newest envelope, linked to older ones, or null. high: flags in the upper bits,
// then how many 16-byte units and how many ordinary envelopes lie here since the last drain.
//   asleep   the owner waits; whoever takes the flag away owns the process until it is made ready
//   deaf     with asleep: ordinary mail does not wake it (a sleep, a wait for one reply)
//   closed   the owner has ended: nothing is taken any more, until the slot's next owner opens it
//   urgent   something among the mail wants the owner's attention at its next runtime call (a signal)
//   nudged   somebody wanted it awake while it was awake
//   bounded  ordinary mail needs room. It stays for the owner's life, and the counts then do too: they are of all that has
//            ever come, and wrap. So with what the owner has let go of, which it counts itself, the load of the whole
//            mailbox is known exactly in the one operation that adds to it, and no drain hides mail that is on its way.
//
// I1  Only the owner (or who switches it out, on its behalf) sets asleep, and only while no flag but bounded is set, and,
//     unless deaf, no mail is there.
// I2  Exactly one push, nudge or borrow takes each asleep away, so each sleep ends in exactly one make-ready, or in one
//     borrower's try_sleep, which begins another.
// I3  Mail that ends a sleep is not linked in: its sender, who now owns the process, hands it to the owner's own list. It is
//     older than any mail that comes later and newer than any that was drained, so order holds. A deaf owner with mail
//     waiting is the exception: there it is linked in as usual.
// I4  No ordinary mail enters a bounded inbox but by push_if, in the state that its caller found room in.
// I5  An upper word of 0, or of asleep alone, stands beside a null pointer: mail that is there is counted, or urgent, or the
//     inbox is bounded. So who expects one of the two may leave the lower word out of it.
// O1  push (release) -> take_all, or the drain of another (acquire): who drains sees the envelope's bytes.
// O2  try_sleep (release) -> the push, nudge or borrow that ends it (acquire): the waker sees the saved context.
// O3  close (release) -> who finds it closed (acquire): what the owner had sent to that one before lies in its mailbox. open needs
//     no order: the generation that senders check first is published after it.
// ABA is harmless: nobody pops one envelope, and a push wants the current state, not its history.
// Source: Treiber, IBM RJ 5118 (1986), push only; the state beside the pointer is ours.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"
#include "runtime/base/inline.hpp"

#include <cstdint>

namespace mote::detail {

struct envelope;

/// The last three: the mail is still the sender's.
enum class pushed : std::uint8_t { queued, woke, woke_linked, closed, bounded, full };

struct inbox_flags {
  static constexpr std::uint64_t asleep = 1ull << 63;
  static constexpr std::uint64_t deaf = 1ull << 62;
  static constexpr std::uint64_t closed = 1ull << 61;
  static constexpr std::uint64_t urgent = 1ull << 60;
  static constexpr std::uint64_t nudged = 1ull << 59;
  static constexpr std::uint64_t all = asleep | deaf | closed | urgent | nudged;  ///< that come and go
  static constexpr std::uint64_t bounded = 1ull << 58;
};

/// How much lies in an inbox. Once one of them has reached half of what it can count, neither grows any more: 134 million
/// envelopes, or 8 GiB. In a bounded inbox: how much has ever come.
struct inbox_load {
  static constexpr unsigned count_bits = 28;
  static constexpr std::uint64_t count_mask = (1ull << count_bits) - 1;
  static constexpr std::uint64_t units_mask = (1ull << (58 - count_bits)) - 1;
  static constexpr std::uint64_t both = units_mask << count_bits | count_mask;
  static constexpr std::uint64_t full = 1ull << 57 | 1ull << (count_bits - 1);  // the upper bit of each

  static constexpr std::uint64_t count(std::uint64_t high) noexcept { return high & count_mask; }
  static constexpr std::uint64_t units(std::uint64_t high) noexcept { return high >> count_bits & units_mask; }
  static constexpr std::uint64_t plus(std::uint64_t high, std::uint64_t units) noexcept {
    if ((high & full) != 0) [[unlikely]] return high;
    return high + (units << count_bits | 1);
  }
  static constexpr std::uint64_t wrapped_plus(std::uint64_t high, std::uint64_t more) noexcept {
    return (high & ~both) | ((count(high) + 1) & count_mask) | ((units(high) + more) & units_mask) << count_bits;
  }
  /// Of two inboxes together; neither word has flags.
  static constexpr std::uint64_t joined(std::uint64_t one, std::uint64_t other) noexcept {
    if ((one & full) != 0) return one;
    return (other & full) != 0 ? other : one + other;
  }
};

/// Envelope is linked through `Envelope* next`.
template <class Envelope = envelope>
class inbox {
 public:
  struct drained {
    Envelope* newest;
    std::uint64_t high;
  };

  /// Any thread. units: the mail's size in 16 bytes if it is ordinary; urgent: it is a signal, which is not counted.
  /// queued: it is in. woke: it is not; the caller owns the sleeping process, hands it the mail and makes it ready (I3).
  /// woke_linked: it is in, and the caller makes the process ready. bounded: push_if is wanted.
  /// load: the state's upper word before, for inbox_load.
  pushed push(Envelope* mail, std::uint64_t units, bool urgent, std::uint64_t& load) noexcept {
    if (!end_sleep()) return push_to_any(mail, units, urgent, load);
    load = inbox_flags::asleep;
    return pushed::woke;
  }
  /// The same, when end_sleep has just been refused.
  pushed push_to_any(Envelope* mail, std::uint64_t units, bool urgent, std::uint64_t& load) noexcept {
    word_pair seen = state_.load_halves(relaxed);
    for (;;) {
      if ((seen.high & inbox_flags::closed) != 0) {
        fence(acquire);  // O3
        return pushed::closed;
      }
      if ((seen.high & inbox_flags::bounded) != 0 && !urgent) return pushed::bounded;
      const bool wakes = (seen.high & inbox_flags::asleep) != 0 && (urgent || (seen.high & inbox_flags::deaf) == 0);
      const bool hand_over = wakes && seen.low == 0;
      const word_pair next = hand_over ? word_pair{0, seen.high & ~inbox_flags::all} : linked(mail, seen, units, urgent, wakes);
      load = seen.high;
      if (!state_.compare_exchange(seen, next, acq_rel, relaxed)) continue;  // O1 O2
      return hand_over ? pushed::woke : wakes ? pushed::woke_linked : pushed::queued;
    }
  }

  /// Any thread. What push does for an owner that sleeps and has no mail, which is the usual case: true is woke. False: push is
  /// wanted.
  bool end_sleep() noexcept {
    return state_.high(relaxed) == inbox_flags::asleep &&
           state_.compare_exchange_upper(inbox_flags::asleep, 0, acquire, relaxed);  // O2, I5
  }

  /// Any thread. As push, of ordinary mail, if the state is one in which fits(high) holds; else full. counts: this mail is to be
  /// counted. hands: may end a sleep without being linked in (I3).
  template <class Fits>
  pushed push_if(Fits&& fits, Envelope* mail, std::uint64_t units, bool counts, bool hands) noexcept {
    word_pair seen = state_.load_halves(relaxed);
    for (;;) {
      if ((seen.high & inbox_flags::closed) != 0) return pushed::closed;
      if (!fits(seen.high)) return pushed::full;
      const bool wakes = (seen.high & (inbox_flags::asleep | inbox_flags::deaf)) == inbox_flags::asleep;
      const bool hand_over = wakes && hands && seen.low == 0;
      word_pair next{0, counts ? inbox_load::wrapped_plus(seen.high, units) : seen.high};
      if (wakes) next.high &= ~inbox_flags::asleep;
      if (!hand_over) {
        mail->next = reinterpret_cast<Envelope*>(seen.low);
        next.low = reinterpret_cast<std::uint64_t>(mail);
      }
      if (!state_.compare_exchange(seen, next, acq_rel, relaxed)) continue;  // O1 O2
      return hand_over ? pushed::woke : wakes ? pushed::woke_linked : pushed::queued;
    }
  }

  /// Any thread, of a bounded inbox. All mail, newest first; flags and counts stay, so the owner knows nothing of it.
  Envelope* take_mail() noexcept {
    word_pair seen = state_.load_halves(relaxed);
    while (seen.low != 0) {
      if (state_.compare_exchange(seen, {0, seen.high}, acquire, relaxed)) break;  // O1
    }
    return reinterpret_cast<Envelope*>(seen.low);
  }

  /// Any thread. Wants the owner awake: takes asleep away (woke_linked: the caller makes it ready), or leaves nudged so that
  /// its next try_sleep fails (queued).
  pushed nudge() noexcept {
    word_pair seen = state_.load_halves(relaxed);
    for (;;) {
      if ((seen.high & inbox_flags::closed) != 0) return pushed::closed;
      const bool wakes = (seen.high & inbox_flags::asleep) != 0;
      word_pair next = seen;
      if (wakes) {
        next.high &= ~(inbox_flags::asleep | inbox_flags::deaf);
      } else {
        next.high |= inbox_flags::nudged;
      }
      if (!state_.compare_exchange(seen, next, acq_rel, relaxed)) continue;  // O2
      return wakes ? pushed::woke_linked : pushed::queued;
    }
  }

  /// Any thread. Takes asleep away: the caller owns the process, and puts it back to sleep by try_sleep, or makes it ready.
  /// False: it is awake. deaf: how it slept.
  bool borrow(bool& deaf) noexcept {
    word_pair seen = state_.load_halves(relaxed);
    for (;;) {
      if ((seen.high & inbox_flags::asleep) == 0) return false;
      deaf = (seen.high & inbox_flags::deaf) != 0;
      const word_pair next{seen.low, seen.high & ~(inbox_flags::asleep | inbox_flags::deaf)};
      if (state_.compare_exchange(seen, next, acquire, relaxed)) return true;  // O2
    }
  }

  /// Owner. All mail, newest first, and the flags; afterwards the inbox is empty and without flags, save that one that is
  /// closed or bounded stays so.
  drained take_all() noexcept {
    word_pair seen = state_.load_halves(relaxed);
    while (seen.low != 0 || (seen.high & inbox_flags::all) != 0) {
      if (state_.compare_exchange(seen, {0, seen.high & lasting(seen.high)}, acquire, relaxed)) break;  // O1
    }
    return {reinterpret_cast<Envelope*>(seen.low), seen.high};
  }

  /// Owner, awake. Puts back what take_all or close gave and nobody could be told of: it is older than all that has come
  /// since. load: its size, for inbox_load. The owner's next look finds news.
  void put_back(Envelope* newest, std::uint64_t load) noexcept {
    for (;;) {
      word_pair seen = state_.load_halves(relaxed);
      const bool counted = (seen.high & inbox_flags::bounded) != 0;
      const std::uint64_t flags = (counted ? seen.high : seen.high & inbox_flags::all) | inbox_flags::urgent;
      const word_pair next{reinterpret_cast<std::uint64_t>(newest), counted ? flags : flags | load};
      if (seen.low == 0 && state_.compare_exchange(seen, next, relaxed, relaxed)) return;  // only the owner will read it
      const drained later = take_all();
      if (later.newest == nullptr) continue;
      Envelope* oldest = later.newest;
      while (oldest->next != nullptr) oldest = oldest->next;
      oldest->next = newest;
      newest = later.newest;
      load = inbox_load::joined(load, later.high & ~inbox_flags::all);
    }
  }

  /// Owner, or who switched it out, on the far side of the switch. False: there is something to wake for.
  bool try_sleep(bool deaf) noexcept {
    if (!deaf) return state_.compare_exchange_upper(0, inbox_flags::asleep, release, relaxed) || fall_asleep();  // O2, I1, I5
    word_pair seen = state_.load_halves(relaxed);
    while ((seen.high & inbox_flags::all) == 0) {
      const word_pair next{seen.low, seen.high | inbox_flags::asleep | inbox_flags::deaf};
      if (state_.compare_exchange(seen, next, release, relaxed)) return true;  // O2, I1
    }
    return false;
  }

  /// Owner. Takes what is there and lets nothing more in.
  drained close() noexcept {
    if (state_.compare_exchange_upper(0, inbox_flags::closed, release, relaxed)) return {nullptr, 0};  // O3, I5
    word_pair seen = state_.load_halves(relaxed);
    while (!state_.compare_exchange(seen, {0, inbox_flags::closed}, acq_rel, relaxed)) {  // O1 O3
    }
    return {reinterpret_cast<Envelope*>(seen.low), seen.high};
  }

  /// Owner of the slot, while it is closed. flags: none, or bounded.
  void open(std::uint64_t flags = 0) noexcept { state_.store_high(flags, relaxed); }
  /// Owner, of an open one that has no mail for him yet: it is bounded from now on.
  void bind() noexcept {
    word_pair seen = state_.load_halves(relaxed);
    while (!state_.compare_exchange(seen, {seen.low, (seen.high & inbox_flags::all) | inbox_flags::bounded}, relaxed, relaxed)) {
    }
  }

  /// Any thread: the upper word, for a look at the flags and the load.
  std::uint64_t high() const noexcept { return state_.high(relaxed); }

  /// Any thread: the newest envelope, which may be gone at once; for a post-mortem.
  const Envelope* newest() const noexcept { return reinterpret_cast<const Envelope*>(state_.load_halves(relaxed).low); }

  /// Any thread. True: what the owner sent to the caller before lies in its mailbox.
  bool is_closed() const noexcept { return (state_.high(acquire) & inbox_flags::closed) != 0; }  // O3

  /// Owner: whether a drain would find anything; for a bounded inbox, whether it may.
  bool has_news() const noexcept { return state_.high(relaxed) != 0; }
  /// The same, of a bounded one.
  bool has_mail() const noexcept { return state_.low(relaxed) != 0 || (state_.high(relaxed) & inbox_flags::all) != 0; }

 private:
  /// Of a bounded one.
  MOTE_COLD bool fall_asleep() noexcept {
    word_pair awake = state_.load_halves(relaxed);
    while (awake.low == 0 && (awake.high & inbox_flags::all) == 0) {
      if (state_.compare_exchange(awake, {0, awake.high | inbox_flags::asleep}, release, relaxed)) return true;  // O2, I1
    }
    return false;
  }
  static std::uint64_t lasting(std::uint64_t high) noexcept {
    constexpr std::uint64_t of_bounded = inbox_flags::closed | inbox_flags::bounded | inbox_load::both;
    return (high & inbox_flags::bounded) != 0 ? of_bounded : inbox_flags::closed;
  }
  static word_pair linked(Envelope* mail, word_pair seen, std::uint64_t units, bool urgent, bool wakes) noexcept {
    mail->next = reinterpret_cast<Envelope*>(seen.low);
    std::uint64_t high = urgent ? seen.high | inbox_flags::urgent : inbox_load::plus(seen.high, units);
    if (wakes) high &= ~(inbox_flags::asleep | inbox_flags::deaf);
    return {reinterpret_cast<std::uint64_t>(mail), high};
  }

  atomic_pair state_;
};

}  // namespace mote::detail
