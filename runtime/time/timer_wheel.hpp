// Timers of one scheduler: a hierarchical timing wheel. Arming and cancelling take constant time however many timers
// are pending; a timer never fires early, and late by less than a tick plus the time until the owner next advances the
// wheel. Times are nanoseconds of one clock that the caller reads: the wheel itself reads none.
// Source: Varghese and Lauck, "Hashed and Hierarchical Timing Wheels", SOSP 1987, scheme 7.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "runtime/base/pile.hpp"
#include "runtime/base/relaxed.hpp"
#include "runtime/time/timer_state.hpp"

namespace mote::detail {

class timer_wheel;

/// The two ends of a timer's place in a circular list. A timer in no list is linked to itself.
struct timer_links {
  timer_links* next = this;
  timer_links* previous = this;
};

/// One timer, in one cache line. Its memory is type-stable: a timer until its wheel dies, so a stale id may look.
struct alignas(64) timer : timer_links {
  timer_state state;
  void (*fire)(timer&) noexcept = nullptr;  // on the owner's thread, the timer already out of the wheel
  void* subject = nullptr;                  // this and the next two are the user's
  std::uint64_t detail = 0;
  void* payload = nullptr;  // the timer's while armed, then of who ended it (S2); then link()

  timer_wheel& home() const noexcept;  // the wheel it was armed on

  timer* link() const noexcept { return static_cast<timer*>(payload); }
  void set_link(timer* next_cancelled) noexcept { payload = next_cancelled; }
};
static_assert(sizeof(timer) == 64);

/// Names one arming of a timer, for ever: once that has fired or was cancelled, the id is stale and harmless. It must
/// not be used after the wheel's death.
struct timer_id {
  timer* node = nullptr;
  std::uint64_t generation = 0;
};

/// All functions but cancel and deadline_of belong to the owner thread; those two may be called by any. None blocks.
/// T1  A slot's bit is set exactly while the slot has timers.
/// T2  A timer in a slot has a tick later than tick_, and lies at the level of the highest group of 6 bits in which the
///     two differ; so all of a lower level fire before any of a higher one, and no slot number ever wraps.
/// T3  Only the owner links, unlinks and recycles. One that another thread cancelled is recycled when the owner takes
///     it from cancelled_, and nowhere else.
/// What several threads touch, and its orders O1 and O2, is in timer_state.hpp.
class timer_wheel {
 public:
  static constexpr std::uint64_t tick_ns = std::uint64_t{1} << 14;  // 16.4 microseconds

  /// drop  called for each timer still armed when the wheel dies, to free the payload; nullptr: payloads need no
  ///       freeing.
  explicit timer_wheel(std::uint64_t now_ns, void (*drop)(timer&) noexcept = nullptr);
  /// No thread may be inside cancel or deadline_of with an id of this wheel.
  ~timer_wheel();
  timer_wheel(const timer_wheel&) = delete;
  timer_wheel& operator=(const timer_wheel&) = delete;

  /// fire(timer) is called by the first advance with now_ns >= deadline_ns rounded up to a tick; where the wheel is
  /// past that already, by the next advance. fire may arm and cancel on this wheel; it must take the payload. A
  /// deadline in the last tick before 2^64 never comes.
  /// Throws  std::bad_alloc, and then the payload stays the caller's.
  timer_id arm(std::uint64_t deadline_ns, void (*fire)(timer&) noexcept, void* subject, std::uint64_t detail,
               void* payload);

  /// caller_wheel  the wheel which the calling thread owns, or nullptr. If it is the timer's own, the timer is recycled
  ///               at once, else when its owner next advances.
  /// payload       where the timer's payload goes, now the caller's; written on success only.
  /// Returns       true: it will not fire. False: it fired (perhaps the callback still runs), or was cancelled before.
  static bool cancel(timer_id id, timer_wheel* caller_wheel, void** payload = nullptr) noexcept;

  /// When an armed timer is to fire; nothing once it fired or was cancelled.
  static std::optional<std::uint64_t> deadline_of(timer_id id) noexcept;

  /// Fires what is due in the order of ticks, `most` of them at most; returns how many. What remains due is the
  /// business of the next call, and next_deadline says so. A clock that went back is taken to stand still.
  std::size_t advance(std::uint64_t now_ns, std::size_t most);

  /// No timer is to fire before this time, and advance has nothing to do before it; UINT64_MAX when there is none.
  std::uint64_t next_deadline() const noexcept;

  /// Gives the payloads of all timers to `drop`, which may arm others; returns how many there were. The wheel is good for
  /// nothing but this and its end afterwards.
  std::size_t drop_pending() noexcept;

  /// Armed timers, with those that other threads cancelled since the last advance. Any thread.
  std::size_t size() const noexcept { return size_; }

 private:
  friend struct timer;

  static constexpr unsigned tick_shift = 14;
  static constexpr unsigned level_bits = 6;
  static constexpr unsigned slots_per_level = 1U << level_bits;
  static constexpr unsigned levels = 9;  // 9 * 6 bits hold each tick of 64 - 14 bits, rounded up
  static constexpr std::size_t slab_bytes = 64 * 1024;
  static constexpr std::size_t moves_per_fire = 16;  // timers moved down a level for one that may be fired

  struct slab;
  struct slab_deleter {
    void operator()(slab* memory) const noexcept;
  };
  struct place {
    unsigned level;
    unsigned slot;
    std::uint64_t tick;  // when the wheel must look at that slot
  };

  timer* allocate();
  timer* allocate_fresh();
  void recycle(timer& ended) noexcept;
  void take_back_cancelled() noexcept;
  void remove(timer& ended) noexcept;
  void put(timer& pending, timer_links& due) noexcept;
  std::size_t move_down(std::size_t most) noexcept;
  std::size_t fire_due(std::size_t most);
  std::optional<place> earliest() const noexcept;
  bool work_at_hand() const noexcept;
  void open(const place& where) noexcept;
  std::size_t drop_all(timer_links& list) noexcept;

  std::uint64_t tick_;  // how far the wheel has come: all of earlier ticks is fired or in one of the three lists
  relaxed_cell<std::size_t> size_ = 0;
  timer_links due_;      // to be fired by this advance, or the next if `most` was reached
  timer_links overdue_;  // armed too late for the wheel, to be fired by the next advance
  timer_links moving_;   // of a slot of a higher level whose time has come, to be put where they belong
  std::array<std::uint64_t, levels> occupied_{};
  std::array<std::array<timer_links, slots_per_level>, levels> slots_{};
  timer* free_ = nullptr;
  std::vector<std::unique_ptr<slab, slab_deleter>> slabs_;
  std::size_t fresh_ = 0;  // timers of the newest slab never used so far
  void (*drop_)(timer&) noexcept;
  alignas(64) pile<timer> cancelled_;  // which other threads cancelled, until the owner takes them back
};

}  // namespace mote::detail
