// Who has nothing to do: the protocol by which idle schedulers find work, sleep, and are woken, so that no work waits while
// somebody sleeps and no crowd is woken for one piece of it.
//
// A scheduler is busy, searching (looks for work elsewhere), or parked (its thread sleeps). parked_ has a bit for each
// parked one; searching_ counts those that search, with those that have been woken to.
//
// W1  Submit: push the work, fence, then look here (wake_one). Park: announce (park), fence, then look at every queue again.
//     One of the two sees the other.
// W2  Whoever looked here while somebody searched relied on that one. So a searcher that finds work and was the last to
//     search looks again at all that is offered, and at what it has beside the one it runs; if there is any, somebody takes
//     its place. Nobody is woken for the one piece that it runs itself, as when its own timer is due.
// W3  A bit of parked_ is cleared by exactly one: a waker, who then owes it an unpark and counts it as searching, or the
//     parked one itself. So each unpark is owed once.
// W4  One waker at a time goes for a sleeper: searching_ 0 -> 1 by CAS. No herd.
// W5  While somebody is busy and somebody idle, one of the idle ones watches: it sleeps with a timeout and looks after work
//     that is stuck behind a long-running process. The watcher gives up its office only when all are parked; a scheduler
//     that then becomes busy is woken through searching_, after its bit was cleared, so either the last watcher sees that
//     bit cleared or the newly busy one sees watcher_ empty and wakes a new one (needs_watcher). Both sides have a fence
//     between their store and their look. One that goes to work with nothing behind it needs no watcher until it makes
//     something ready; then it asks. It asks at once when others are busy (others_unwatched): those may have made something
//     ready while they took it for their watcher or searcher. It looks at whether they are busy, not at their queues: so a
//     maker pays for no fence between its push and its look.
// O1  Every announcement (work pushed, bit set, bit or count cleared, office given up) is followed by a seq_cst fence, and
//     then by a look at what the others announce: of two, one sees the other. The read-modify-writes themselves need no
//     order: each is of one word, and whoever is woken sees what its waker did through the unpark.
// Source: Go's proc.go (spinning Ms, "delicate dance") and Tokio's idle.rs; the watcher is ours.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"

#include <array>
#include <bit>
#include <cstdint>

namespace mote::detail {

/// Words  64 schedulers each; shrunk by the model tests.
template <unsigned Words = 16>
class idle_set {
 public:
  static constexpr unsigned most_schedulers = Words * 64;
  static constexpr std::int32_t nobody = -1;

  /// A busy scheduler starts to search, if there are not enough that do: at most half of `schedulers` at once.
  bool begin_search(unsigned schedulers) noexcept {
    if (2 * searching_.load(relaxed) >= schedulers && searching_.load(relaxed) != 0) return false;
    searching_.fetch_add(1, relaxed);
    return true;
  }
  /// The caller, who was searching, has work. True: it was the last; if more is to be found, it wakes another (W2).
  bool found_work() noexcept {
    if (searching_.fetch_sub(1, relaxed) != 1) return false;
    fence(seq_cst);  // O1
    return true;
  }

  /// The caller, searching or not, is about to sleep. It must look at every queue once more after this.
  void park(unsigned who, bool was_searching) noexcept {
    bits_[who / 64].fetch_or(bit(who), relaxed);
    parked_.fetch_add(1, relaxed);
    if (was_searching) searching_.fetch_sub(1, relaxed);
    fence(seq_cst);  // O1
  }
  /// The caller wants to be busy again by itself. False: a waker was first; an unpark is on its way, and the caller is
  /// counted as searching (W3).
  bool unpark_self(unsigned who) noexcept {
    if ((bits_[who / 64].fetch_and(~bit(who), relaxed) & bit(who)) == 0) return false;
    parked_.fetch_sub(1, relaxed);
    fence(seq_cst);  // O1
    return true;
  }

  /// Whom to unpark so that somebody looks for the work just pushed, or nobody if that is not needed (W1, W4). The one
  /// returned is counted as searching already.
  std::int32_t wake_one() noexcept {
    fence(seq_cst);  // O1
    if (parked_.load(relaxed) == 0) return nobody;
    do {
      std::uint32_t none = 0;
      if (!searching_.compare_exchange_strong(none, 1, relaxed, relaxed)) return nobody;  // W4
      const std::int32_t who = take_any();
      if (who != nobody) return who;
      // All woke by themselves. Who submitted work meanwhile took this one for a searcher: it looks again on his behalf.
      searching_.fetch_sub(1, relaxed);
      fence(seq_cst);  // O1
    } while (any_parked());
    return nobody;
  }
  /// Whom to unpark so that this one runs, or nobody when it is awake. It is counted as searching then.
  bool wake(unsigned who) noexcept {
    fence(seq_cst);  // O1
    if ((bits_[who / 64].load(relaxed) & bit(who)) == 0 || !unpark_self(who)) return false;
    searching_.fetch_add(1, relaxed);
    return true;
  }

  /// For a busy scheduler: there are idle ones and none of them watches or searches.
  bool needs_watcher() const noexcept {
    return parked_.load(relaxed) != 0 && watcher_.load(relaxed) == nobody && searching_.load(relaxed) == 0;
  }
  /// For one that goes to work: needs_watcher on behalf of others that are busy (W5).
  bool others_unwatched(unsigned schedulers) const noexcept {
    return count_bits() + 1 < schedulers && needs_watcher();
  }
  /// The caller, parked, takes the office if it is free. False: somebody has it, or all are parked.
  bool become_watcher(unsigned who, unsigned schedulers) noexcept {
    std::int32_t none = nobody;
    if (!watcher_.compare_exchange_strong(none, static_cast<std::int32_t>(who), relaxed, relaxed)) return false;
    if (!all_parked(schedulers)) return true;  // W5
    stop_watching();
    fence(seq_cst);  // O1
    if (all_parked(schedulers)) return false;
    return become_watcher(who, schedulers);
  }
  /// The watcher gives up its office. It does one of three things next, each with its fence: unpark_self, found_work when it
  /// has been woken, or become_watcher (O1).
  void stop_watching() noexcept { watcher_.store(nobody, relaxed); }

  /// Whether nobody is busy or searching. By the bits: a waker lowers the count only after its sleeper's bit, and the sleeper may
  /// be long at work by then (W5).
  bool all_parked(unsigned schedulers) const noexcept { return count_bits() >= schedulers; }
  bool is_parked(unsigned who) const noexcept { return (bits_[who / 64].load(relaxed) & bit(who)) != 0; }
  /// How many are parked: a hint, late by what a waker or one that parks has not counted yet.
  unsigned parked() const noexcept { return parked_.load(relaxed); }
  unsigned searching() const noexcept { return searching_.load(relaxed); }

 private:
  static constexpr std::uint64_t bit(unsigned who) noexcept { return 1ull << who % 64; }

  unsigned count_bits() const noexcept {
    unsigned count = 0;
    for (const auto& word : bits_) count += static_cast<unsigned>(std::popcount(word.load(relaxed)));
    return count;
  }
  bool any_parked() const noexcept { return count_bits() != 0; }

  std::int32_t take_any() noexcept {
    for (unsigned word = 0; word < Words; ++word) {
      for (std::uint64_t seen = bits_[word].load(relaxed); seen != 0; seen = bits_[word].load(relaxed)) {
        const auto who = word * 64 + static_cast<unsigned>(std::countr_zero(seen));
        if (unpark_self(who)) return static_cast<std::int32_t>(who);
      }
    }
    return nobody;
  }

  alignas(64) atomic<std::uint32_t> searching_{0};
  atomic<std::uint32_t> parked_{0};
  atomic<std::int32_t> watcher_{nobody};
  std::array<atomic<std::uint64_t>, Words> bits_{};
};

}  // namespace mote::detail
