// Who may come in, and how many are in: until it is closed, which waits for those who are in to leave.
//
// word_: twice the number of those who are in; bit 0: closed.
// I1  Nobody comes in any more once it is closed.
// O1  leave (release) -> close (acquire): who closed it sees what those who were in did.
// O2  close (release) -> an enter that is refused (acquire): it sees what came before the closing.
// An enter that is let in needs no order: what it may rely on came with the turnstile.
#pragma once

#include "runtime/base/atomic.hpp"

#include <cstdint>

namespace mote::detail {

class turnstile {
 public:
  /// Any thread. False: it is closed.
  bool enter() noexcept {
    std::uint32_t seen = word_.load(relaxed);
    do {
      if ((seen & shut) != 0) return word_.load(acquire), false;  // I1 O2
    } while (!word_.compare_exchange_weak(seen, seen + one, relaxed, relaxed));
    return true;
  }
  /// Any thread, once for each enter. Touches nothing of this object after it has let who closes it go on.
  void leave() noexcept {
    if (word_.fetch_sub(one, release) == one + shut) word_.notify_all();  // O1
  }
  /// Any thread; again does no harm. Blocks while anybody is in.
  void close() noexcept {
    word_.fetch_or(shut, release);  // O2
    for (std::uint32_t seen = 0; (seen = word_.load(acquire)) != shut;) word_.wait(seen, relaxed);  // O1
  }
  bool is_closed() const noexcept { return (word_.load(relaxed) & shut) != 0; }

 private:
  static constexpr std::uint32_t shut = 1, one = 2;
  atomic<std::uint32_t> word_{0};
};

}  // namespace mote::detail
