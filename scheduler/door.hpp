// The door of a scheduler: its owner enters at each runtime call that may touch what is the scheduler's, and leaves when process
// code goes on. While the owner is outside, another thread may borrow the scheduler, to take work out of it (a raid), or take
// all of it away (the hand-off), which leaves the owner's thread with the process that it runs and nothing else.
//
// inside_     the owner's mark.  borrowed_  raided: somebody holds the scheduler, or tries to.  taken: it is gone for good.
//             fenced: the owner pays for the barrier of O3, since no other thread can impose it.
// D1  The owner touches the scheduler with its mark set and borrowed_ seen without raided and taken, a borrower with raided set
//     by itself and the mark seen clear after the barrier. Never both.
// D2  raided is set by one at a time. taken is set by a borrower, as it gives back, and from then on nobody borrows.
// D3  An owner that finds it taken is told so by wait, at its first entry after that, and touches nothing.
// O2  leave (release) -> borrow (acquire): the borrower sees what the owner did. give_back, or take (release) -> enter or wait
//     (acquire), and the next borrow: they see what the borrower did. own (release) -> borrow (acquire): it sees the mark.
// O3  enter: store inside_, load borrowed_; borrow: store borrowed_, load inside_; a barrier between the two on either side, so
//     that one sees the other. On the fast path the owner's is the compiler's alone: the borrower's is a membarrier, which puts
//     one between the owner's two as well.
// Source: Dekker's algorithm; the asymmetric barrier is that of userspace RCU (Desnoyers and others, 2012).
#pragma once

#include "runtime/base/atomic.hpp"

#include <cstdint>

namespace mote::detail {

/// Fences  light(): between the owner's store and load; heavy(): between the borrower's; pause(n): the nth look in vain.
template <class Fences>
class basic_door {
 public:
  /// fenced: heavy() does nothing for the owner, who then pays itself.
  explicit basic_door(bool is_fenced) noexcept : borrowed_(is_fenced ? fenced : 0) {}

  // ---- owner ----
  /// False: wait, before anything is touched.
  bool enter() noexcept {
    inside_.store(1, relaxed);
    Fences::light();                          // O3
    return borrowed_.load(acquire) == 0;      // O2
  }
  void leave() noexcept { inside_.store(0, release); }  // O2
  /// From now on each enter says to wait, for nothing: somebody looks at all entries.
  void watch() noexcept { borrowed_.fetch_or(watched, relaxed); }
  void watch_no_more() noexcept { borrowed_.fetch_and(~watched, relaxed); }
  bool inside() const noexcept { return inside_.load(relaxed) != 0; }

  /// After enter said so: until nobody holds the scheduler. False: it is taken away (D3).
  bool wait() noexcept {
    fence(seq_cst);  // O3
    std::uint32_t seen = borrowed_.load(acquire);  // O2
    while ((seen & raided) != 0) {
      inside_.store(0, relaxed);  // O2: by the fence before it
      for (int looks = 0; (borrowed_.load(relaxed) & raided) != 0; ++looks) Fences::pause(looks);
      inside_.store(1, relaxed);
      fence(seq_cst);  // O3
      seen = borrowed_.load(acquire);  // O2
    }
    return (seen & taken) == 0;
  }

  /// The thread that is to be the owner, of one that is new or was taken: it is inside.
  void own() noexcept {
    inside_.store(1, relaxed);
    borrowed_.fetch_and(~taken, release);  // O2
  }

  /// In the child of a fork, where there is no other thread: as if it were taken.
  void lose() noexcept { borrowed_.store(taken, relaxed); }

  // ---- any other thread ----
  /// True: the owner is outside, and stays there until give_back or take.
  bool borrow() noexcept {
    if ((borrowed_.fetch_or(raided, relaxed) & raided) != 0) return false;  // D2; what orders it comes two lines on
    Fences::heavy();  // O3
    if ((borrowed_.load(acquire) & taken) == 0 && inside_.load(acquire) == 0) return true;  // O2
    give_back();
    return false;
  }
  void give_back() noexcept { borrowed_.fetch_and(~raided, release); }  // O2
  /// Gives back an owner that has lost it.
  void take() noexcept { borrowed_.fetch_xor(raided | taken, release); }  // O2

 private:
  static constexpr std::uint32_t raided = 1;
  static constexpr std::uint32_t fenced = 2;
  static constexpr std::uint32_t taken = 4;
  static constexpr std::uint32_t watched = 8;

  atomic<std::uint32_t> inside_{1};
  atomic<std::uint32_t> borrowed_;
};

}  // namespace mote::detail
