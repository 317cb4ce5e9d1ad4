// A lock for some tens of instructions, in a word that is unlocked while it is zero: for memory that nobody has initialised. Its
// holder neither switches nor calls a user's code.
#pragma once

#include "runtime/base/atomic.hpp"

#include <cstdint>
#include <thread>

namespace mote::detail {

/// O1  unlock (release) -> lock (acquire).
class spin_lock {
 public:
  void lock() noexcept {
    for (int spins = 0; word_.exchange(1, acquire) != 0; ++spins) {  // O1
      while (word_.load(relaxed) != 0 && spins < 100) {
        spin_pause();
        ++spins;
      }
      if (spins >= 100) std::this_thread::yield();
    }
  }
  void unlock() noexcept { word_.store(0, release); }  // O1

 private:
  atomic<std::uint32_t> word_{0};
};

}  // namespace mote::detail
