// Who ends a timer: the wheel which fires it, or one of the threads that cancel it. The part of the timer wheel which
// is touched by several threads, apart from the wheel so that a model checker can run it.
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/base/atomic.hpp"

namespace mote::detail {

/// The state of one timer's memory, generation << 2 | phase, and the deadline it is armed for.
///   idle --arm--> armed --fire--> fired --recycle--> idle of the next generation
///                 armed --cancel--> cancelled --recycle--> idle of the next generation
/// arm, fire and recycle belong to the owner of the wheel, cancel to any thread.
/// S1  A generation leaves `armed` once: by the one compare-exchange, of fire or of a cancel, that finds it there.
/// S2  Who took it out of `armed` owns the payload: fire hands it to the callback, cancel to its caller.
/// O1  arm (release) -> cancel (acquire): the canceller sees the payload, however the id reached it.
/// O2  arm writes the deadline (release) -> deadline reads it (acquire): who sees the deadline of a later arming also
///     sees, when it looks at the state again, that the earlier one is over.
/// ABA: a stale id carries a generation that never comes back (62 bits), so its compare-exchange fails for ever.
class timer_state {
 public:
  void arm(std::uint64_t generation, std::uint64_t deadline_ns) noexcept {
    deadline_ns_.store(deadline_ns, release);       // O2
    word_.store(pack(generation, armed), release);  // O1
  }

  /// True: the timer is the caller's to fire (S1).
  bool fire(std::uint64_t generation) noexcept {
    std::uint64_t expected = pack(generation, armed);
    return word_.compare_exchange_strong(expected, pack(generation, fired), relaxed, relaxed);
  }

  /// True: it will not fire, and its payload is the caller's (S1 S2).
  bool cancel(std::uint64_t generation) noexcept {
    std::uint64_t expected = pack(generation, armed);
    return word_.compare_exchange_strong(expected, pack(generation, cancelled), acquire, relaxed);  // O1
  }

  void recycle() noexcept { word_.store(pack(generation() + 1, idle), relaxed); }

  /// Any thread: the deadline while that generation is armed.
  std::optional<std::uint64_t> deadline(std::uint64_t generation) const noexcept {
    if (word_.load(acquire) != pack(generation, armed)) return std::nullopt;  // O1: not an earlier arming's deadline
    const std::uint64_t deadline_ns = deadline_ns_.load(acquire);             // O2
    if (word_.load(relaxed) != pack(generation, armed)) return std::nullopt;  // it may be a later arming's
    return deadline_ns;
  }

  /// Owner only, which alone changes these two.
  std::uint64_t generation() const noexcept { return word_.load(relaxed) >> 2; }
  std::uint64_t deadline() const noexcept { return deadline_ns_.load(relaxed); }

 private:
  enum phase : std::uint64_t { idle, armed, cancelled, fired };

  static constexpr std::uint64_t pack(std::uint64_t generation, phase now) noexcept { return generation << 2 | now; }

  atomic<std::uint64_t> word_{pack(1, idle)};  // generation 0 is no timer's
  atomic<std::uint64_t> deadline_ns_{0};
};

}  // namespace mote::detail
