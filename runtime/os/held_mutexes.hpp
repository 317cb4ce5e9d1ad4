// How many mutexes the running process holds, for the check that none is held over a call that parks. Only in builds with
// MOTE_CHECK_MUTEXES (the presets debug and asan): there the library puts itself before the C library's functions that lock
// and unlock mutexes and read-write locks. In all other builds nothing of this exists, and the class below is empty.
#pragma once

namespace mote::detail {

#if defined(MOTE_CHECK_MUTEXES)

inline constexpr bool checks_mutexes = true;

/// Locked and not yet unlocked on this thread, by what runs on it since it was set. A recursive mutex counts as often as it
/// was locked.
unsigned mutexes_held() noexcept;
void set_mutexes_held(unsigned count) noexcept;

#else

inline constexpr bool checks_mutexes = false;
constexpr unsigned mutexes_held() noexcept { return 0; }
constexpr void set_mutexes_held(unsigned) noexcept {}

#endif

/// Around a switch: what the one that leaves holds goes with it, not with whoever runs next.
class held_over_switch {
 public:
  held_over_switch() noexcept {
    if constexpr (checks_mutexes) {
      held_ = mutexes_held();
      set_mutexes_held(0);
    }
  }
  ~held_over_switch() {
    if constexpr (checks_mutexes) set_mutexes_held(held_);
  }
  held_over_switch(const held_over_switch&) = delete;
  held_over_switch& operator=(const held_over_switch&) = delete;
  constexpr unsigned count() const noexcept { return checks_mutexes ? held_ : 0; }

 private:
  unsigned held_ = 0;
};

}  // namespace mote::detail
