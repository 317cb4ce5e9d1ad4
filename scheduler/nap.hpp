// How the watch of a group falls asleep for good while nothing runs, and is woken by the first that does; and the schedulers'
// side of that, which costs one load when they go to work.
//
// N1  The watch announces its nap, fences, looks whether all schedulers are parked. A scheduler that is not parked any more has
//     fenced since (idle.hpp, O1: its own, or its waker's before the unpark), then looks for the nap. One of the two sees the
//     other: the watch stays awake, or is woken.
// N2  Exactly one ends each nap, and it alone wakes the sleeper; or the watch itself does, and nobody wakes it.
// O1  nap_ stored before a seq_cst fence and the look at the parked; that fence pairs with those of idle.hpp.
#pragma once

#include "runtime/base/atomic.hpp"

#include <cstdint>

namespace mote::detail {

class nap {
 public:
  /// The watch. all_idle(): whether every scheduler is parked. True: it may sleep until somebody's end() says so.
  template <class AllIdle>
  bool begin(AllIdle&& all_idle) noexcept {
    nap_.store(1, relaxed);
    fence(seq_cst);  // O1
    if (all_idle()) return true;
    return !end();  // somebody wakes it already: then it sleeps, and at once wakes up
  }
  /// Whether to call end.
  bool is_on() const noexcept { return nap_.load(relaxed) != 0; }
  /// True: the caller wakes the sleeper.
  bool end() noexcept { return nap_.exchange(0, relaxed) != 0; }  // N2

 private:
  atomic<std::uint32_t> nap_{0};
};

}  // namespace mote::detail
