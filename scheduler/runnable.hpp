// What a scheduler runs. It knows no process: only that there is a stack, a place to go on at, and somebody above who says
// what running to the end means.
#pragma once

#include "runtime/base/inline.hpp"
#include "runtime/base/relaxed.hpp"
#include "runtime/stack/context.hpp"
#include "runtime/stack/stack.hpp"

#include <cstdint>
#include <system_error>

namespace mote::detail {

class scheduler;

enum class activity : std::uint8_t { free, ready, running, waiting, exiting };

inline constexpr std::uint8_t priorities = 3;       // 0 high, 1 normal, 2 low
inline constexpr std::uint16_t no_pin = 0xFFFF;

/// Owned by: the run queue it is in, the scheduler that runs it, or, while it waits, whoever wakes it.
struct runnable {
  void set_link(runnable* to) noexcept { next = to; }

  runnable* next = nullptr;      ///< in a run queue
  context where = nullptr;       ///< where it goes on; nullptr: it has not begun
  stack* ground = nullptr;       ///< its stack; nullptr before it begins
  relaxed_cell<std::uint8_t> priority = 1;
  relaxed_cell<std::uint8_t> size_class = 0;  ///< of the stack it wants
  std::uint16_t pinned = no_pin; ///< the only scheduler that may run it
  std::atomic<activity> doing{activity::free};  ///< written by the owner, read by anyone who looks
  relaxed_cell<std::uint8_t> handoffs = 0;  ///< how often it lost its scheduler (handoff.cpp); 255: or more
  relaxed_cell<std::uint16_t> works_on = no_pin;  ///< a scheduler on which it had much to do of late; a hint
};
static_assert(sizeof(runnable) == 32);

/// How the event ring names one: its address, in units of its size; 0: none.
inline std::uint32_t trace_number(const runnable* which) noexcept {
  return static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(which) / 64);
}

/// What the layer above provides.
struct runnable_hooks {
  /// Runs a new one to its end, on the stack it was given; it is gone afterwards. May come back on another scheduler.
  static void run(runnable& fresh) noexcept;
  /// Ends one that could not get a stack.
  MOTE_COLD static void refuse(scheduler& here, runnable& fresh) noexcept;
  /// Called by each scheduler every some dispatches, and before it sleeps. May make some ready.
  static void service(scheduler& here) noexcept;
  /// `to` has taken everything over from `from`, which is borrowed and runs `left` on: does the same to what belongs to this
  /// layer. Returns a name for `left` that stays good when it has ended. The calling thread is not in the runtime.
  static std::uint64_t hand_over(scheduler& from, scheduler& to, runnable& left) noexcept;
  /// After a hand-off, once for each that caused one: tells the program. On a thread of the pool's.
  static void report_handoff(scheduler& from, std::uint64_t left, std::uint64_t held_ns) noexcept;
  /// No thread is left for a hand-off, or for a blocking call; once.
  static void report_no_thread(scheduler& there, std::error_code why) noexcept;
  /// A number that is this one's own for the whole run, the same in each run that goes the same way; 0: it stands for the
  /// runtime itself.
  static std::uint64_t name(const runnable& which) noexcept;
  /// One is about to leave, and holds that many mutexes. Only in builds that check (runtime/os/held_mutexes.hpp).
  static void holds_mutexes(scheduler& here, runnable& leaving, unsigned count) noexcept;
};

}  // namespace mote::detail
