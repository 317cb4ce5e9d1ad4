// The addresses of all stacks: one mapping, whatever their number.
//
// The arena is cut into units of equal size; a unit serves one size class, or is part of one slot that is larger than a
// unit. Classes take units from the frontier as they need them; a slot is carved at its first use, with its guard, and
// from then on belongs to its class. Memory is opened for access only up to the frontier, so that a core dump, and a
// system which accounts for what is writable, see what is in use rather than the whole arena.
//
// Free stacks keep their top page, ready for the next; release_unused gives those back as well.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "runtime/base/atomic.hpp"
#include "runtime/base/relaxed.hpp"
#include "runtime/stack/stack.hpp"

namespace mote::detail {

struct stack_options {
  std::size_t arena_bytes = std::size_t{1} << 40;  // halved until the system grants it
  bool avoid_markers = false;                      // behave as on a kernel before 6.13
  std::size_t mapped_guards = 16'000;              // without markers; each costs 2 of the process's 65,530 mappings
};

struct stack_usage {
  std::size_t arena_bytes;       // addresses set aside
  std::size_t accessible_bytes;  // of these, opened so far
  std::size_t carved;            // slots that exist
  std::size_t idle;              // of these, free
  std::size_t unguarded;         // of these, without a guard
};

struct stack_place {
  stack* owner;  // nullptr when outside, or when the slot was never used
  stack_zone zone;
};

/// Any thread, unless said otherwise. Outlives all stacks taken from it.
class stack_arena {
 public:
  /// Throws system_limit (ENOMEM, naming the size and the limits) when not even smallest_arena bytes of addresses can be had, and
  /// std::invalid_argument when options ask for less than that.
  explicit stack_arena(const stack_options& options = {});
  ~stack_arena();
  stack_arena(const stack_arena&) = delete;
  stack_arena& operator=(const stack_arena&) = delete;

  static constexpr std::size_t smallest_arena = 16 * kib * kib;
  static constexpr std::size_t most_at_once = 32;

  /// The smallest class whose slots have at least this size. 0 is the smallest class there is.
  /// Throws std::invalid_argument, naming both numbers, beyond 1 GiB.
  static std::uint8_t size_class_of(std::size_t bytes);

  /// Hands out a chain of up to most (<= most_at_once) stacks of one class, ready to use. Returns how many; 0: no
  /// addresses or no memory are left, then *out is nullptr. Locks for a moment; carving costs about 1 microsecond a
  /// stack and a page fault. Stacks used before come first, the latest first.
  std::size_t take(std::uint8_t size_class, stack** out, std::size_t most) noexcept;
  /// Takes a chain of stacks of one class back. Nothing runs on them.
  void give(stack* chain) noexcept;
  /// Gives the memory of all but keep idle stacks of each class back to the system. Returns how many it emptied. For
  /// rare use, after a peak.
  std::size_t release_unused(std::size_t keep) noexcept;

  /// Whose slot holds the address, and which part of it. Async-signal-safe, takes no lock.
  stack_place find(const void* address) const noexcept;

  /// The addresses of all stacks.
  std::span<const std::byte> addresses() const noexcept { return {base_, bytes_}; }
  /// marker: every stack has a guard. mapping: the first stack_options::mapped_guards have one, the others none.
  guard_kind guards() const noexcept { return kind_; }
  /// One line for the diagnostics: what catches overflows here.
  const char* guards_text() const noexcept;
  /// What moves meanwhile is counted or is not. Async-signal-safe, takes no lock.
  stack_usage usage() const noexcept;

 private:
  struct bare_slot {  // a slot without a header in memory
    std::byte* begin;
    guard_kind guarded_by;
    bool carved;  // it has been used before: its guard is in place, if it has one
  };
  struct class_slots {
    stack* free = nullptr;
    relaxed_cell<std::size_t> idle = 0;  // free, with a header or without
    std::vector<bare_slot> bare;
    std::byte* carve = nullptr;
    std::byte* carve_end = nullptr;
  };
  using batch = std::array<bare_slot, most_at_once>;

  void reserve_mapping(std::size_t wanted);
  bool markers_work() noexcept;
  bool open_unit(std::uint8_t size_class) noexcept;
  bool open_access_to(std::byte* end) noexcept;
  std::size_t claim_slots(std::uint8_t size_class, batch& slots, std::size_t most) noexcept;
  std::size_t guard_slots(std::uint8_t size_class, batch& slots, std::size_t count) noexcept;
  static bool mark_slots(std::uint8_t size_class, std::span<const bare_slot> slots) noexcept;
  bool guard_by_mapping(std::uint8_t size_class, std::byte* slot) noexcept;
  stack* make_stack(std::uint8_t size_class, bare_slot slot) noexcept;
  stack* header_at(std::uint8_t size_class, std::byte* slot) const noexcept;
  static std::size_t empty_stacks(class_slots& from, stack* chain);
  void forget_stacks() noexcept;

  std::byte* mapping_ = nullptr;
  std::size_t mapping_bytes_ = 0;
  std::byte* base_ = nullptr;  // aligned, so that page tables are shared by as many slots as they can hold
  std::size_t bytes_ = 0;
  std::size_t unit_bytes_ = 0;
  guard_kind kind_ = guard_kind::marker;
  std::unique_ptr<atomic<std::uint16_t>[]> units_;  // 0: unused; else class + 1 and, above bit 4, index within its slot
  atomic<std::size_t> carved_{0};
  atomic<std::size_t> unguarded_{0};

  mutable std::mutex lock_;  // of all below
  std::array<class_slots, stack_classes> classes_;
  std::byte* frontier_ = nullptr;
  relaxed_cell<std::byte*> accessible_ = nullptr;
  std::size_t mapped_guards_left_ = 0;
};

}  // namespace mote::detail
