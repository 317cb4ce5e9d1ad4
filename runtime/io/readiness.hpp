// What is known of one descriptor's readiness, and who waits for it: the meeting point of the process that owns the
// descriptor and of whoever takes events from the kernel.
//
// word_: generation in the upper half; below it, for reading and for writing
//   ready   an event came since the owner last began an attempt
//   waits   a process waits; its key stands in waiter_
// and `sticky`: the peer has closed, an error stands, or urgent data came. From then on no more edges may come, so a short
// read no longer says that an edge is still to come.
//
// R1  The owner clears ready before each attempt. An event that comes after that is seen by begin_wait, which then does not
//     let it wait: none is lost between an attempt that found nothing and the wait.
// R2  Exactly one takes each `waits` away: an event, which owes the process a wake-up, or the process itself.
// R3  An event carries the generation that its descriptor was added with, and changes nothing in any other: a later owner of
//     the entry, or of the descriptor's number, never gets an earlier one's event.
// O1  deliver (release) -> prepare, is_ready (acquire): what the event's taker saw, the owner sees.
// O2  begin_wait (release) -> deliver (acquire): who takes `waits` away reads the key that belongs to it. A key read late, of
//     a wait that has ended meanwhile, wakes a process for nothing.
// Source: Go's netpoll.go (pdReady, pdWait); both directions in one word, the generation in it, and sticky are ours.
#pragma once

#include "runtime/base/atomic.hpp"

#include <array>
#include <cstdint>

namespace mote::detail {

enum class io_side : std::uint8_t { read, write };

/// What an event says.
struct io_event {
  bool read = false, write = false, sticky = false;
};

/// Keys of the processes that an event is to wake; 0: nobody.
struct io_waiters {
  std::array<std::uint64_t, 2> keys{};
};

class readiness {
 public:
  std::uint32_t generation() const noexcept { return static_cast<std::uint32_t>(word_.load(relaxed) >> 32); }

  /// Between two owners: what comes for the last one is dropped from here on (R3). Nobody waits.
  void next_generation() noexcept { word_.store(std::uint64_t{generation() + 1} << 32, relaxed); }

  // ---- owner ----
  bool is_ready(io_side side) const noexcept { return (word_.load(acquire) & ready(side)) != 0; }  // O1
  bool is_sticky() const noexcept { return (word_.load(relaxed) & sticky) != 0; }
  /// An attempt begins (R1).
  void prepare(io_side side) noexcept {
    if (is_ready(side)) word_.fetch_and(~ready(side), acquire);  // O1
  }
  /// After an attempt that found nothing. False: there was an event, try again (R1).
  bool begin_wait(io_side side, std::uint64_t key) noexcept {
    waiter_[index(side)].store(key, relaxed);
    std::uint64_t seen = word_.load(relaxed);
    do {
      if ((seen & ready(side)) != 0) return false;
    } while (!word_.compare_exchange_weak(seen, seen | waits(side), release, relaxed));  // O2
    return true;
  }
  /// The process wants nothing any more, or has been woken.
  void end_wait(io_side side) noexcept { word_.fetch_and(~waits(side), relaxed); }  // R2

  // ---- who takes events, any thread ----
  io_waiters deliver(std::uint32_t generation, io_event event) noexcept {
    const std::uint64_t set = (event.read ? ready(io_side::read) : 0) | (event.write ? ready(io_side::write) : 0) |
                              (event.sticky ? sticky : 0);
    const std::uint64_t take =
        (event.read ? waits(io_side::read) : 0) | (event.write ? waits(io_side::write) : 0);
    std::uint64_t seen = word_.load(relaxed);
    do {
      if (seen >> 32 != generation) return {};  // R3
    } while (!word_.compare_exchange_weak(seen, (seen | set) & ~take, acq_rel, relaxed));  // O1 O2
    io_waiters woken;
    for (const io_side side : {io_side::read, io_side::write}) {
      if ((seen & take & waits(side)) != 0) woken.keys[index(side)] = waiter_[index(side)].load(relaxed);
    }
    return woken;
  }

 private:
  static constexpr std::size_t index(io_side side) noexcept { return static_cast<std::size_t>(side); }
  static constexpr std::uint64_t ready(io_side side) noexcept { return 1ull << index(side); }
  static constexpr std::uint64_t waits(io_side side) noexcept { return 4ull << index(side); }
  static constexpr std::uint64_t sticky = 16;

  atomic<std::uint64_t> word_{std::uint64_t{1} << 32};
  std::array<atomic<std::uint64_t>, 2> waiter_{};
};

}  // namespace mote::detail
