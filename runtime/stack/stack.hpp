// A process's stack: one slot of addresses in the arena, which costs memory only where it was touched.
//
//   low                                                                                high
//   | guard | reserve | usable ............................ first frames | header | colour |
//
// guard     what is never accessible, but for its upper half, the last stand. It is the distance a single huge frame must jump
//           to reach the neighbour below.
// reserve   inaccessible until the stack overflows, then opened (open_reserve) so that the process can come to its next
//           runtime call and end there. While it is closed it is what an overflow hits.
// last      the upper half of the guard: opened (open_last_stand) for what ran through the reserve as well, so that an exception
// stand     can be thrown there.
// header    struct stack, in the page that the first frames keep resident anyway: a shallow stack costs one page in
//           all.
// colour    up to 15 unused lines, so that the tops of neighbours fall into different sets of the first-level cache.
//
// Slots come in classes, each four times the one before; the slot's size counts all of the above.
//
//   class       0        1        2       3       4        5        6         7
//   slot        64 KiB   256 KiB  1 MiB   4 MiB   16 MiB   64 MiB   256 MiB   1 GiB
//   guard       16 KiB   64 KiB   256 KiB in all larger ones
//   reserve     16 KiB   64 KiB in all larger ones
//   usable      32 KiB   128 KiB  704 KiB, ... : the rest, less the header
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/annotate.hpp"

namespace mote::detail {

struct arrival;

inline constexpr std::size_t kib = 1024;
inline constexpr std::uint8_t stack_classes = 8;
inline constexpr std::size_t cache_line_bytes = 64;
inline constexpr std::size_t stack_colours = 16;
inline constexpr std::size_t default_stack_bytes = 256 * kib;

constexpr std::size_t slot_bytes(std::uint8_t size_class) noexcept { return 64 * kib << (2 * size_class); }
constexpr std::size_t guard_bytes(std::uint8_t size_class) noexcept {
  return size_class == 0 ? 16 * kib : size_class == 1 ? 64 * kib : 256 * kib;
}
constexpr std::size_t reserve_bytes(std::uint8_t size_class) noexcept { return (size_class == 0 ? 16 : 64) * kib; }

/// Of a stack, less what its header and colour take.
constexpr std::size_t usable_bytes(std::uint8_t size_class) noexcept {
  return slot_bytes(size_class) - guard_bytes(size_class) - reserve_bytes(size_class);
}

/// No class of any stack.
inline constexpr std::uint8_t no_class = 0xFF;

/// How an overflow is caught.
enum class guard_kind : std::uint8_t {
  none,     // not at all: intact() tells afterwards, before a neighbour is reached in all but the worst cases
  marker,   // by marks inside the one mapping (MADV_GUARD_INSTALL, Linux 6.13)
  mapping,  // by a mapping without access, of which a program may have some ten thousand
};

/// The header of a stack. Owned by whoever holds the stack; the arena's own words are written by the arena alone.
struct alignas(cache_line_bytes) stack {
  stack* next = nullptr;             // in lists of free stacks
  std::byte* limit = nullptr;        // lowest address that code may use; below it the reserve, then the guard
  std::byte* lowest = nullptr;       // lowest stack pointer that a switch or a runtime call saw: a hint, never exact
  void (*entry)(arrival) = nullptr;  // what a new context runs
  void* fiber = nullptr;             // the thread sanitizer's
  const std::byte* overflowed_at = nullptr;  // the code that ran out of it; nullptr: none did
  std::uint32_t steps_left = 0;              // instructions that may be done one by one, in search of a call to leave at
  std::uint32_t valgrind_id = 0;
  std::uint8_t size_class = 0;
  guard_kind guarded_by = guard_kind::none;  // none: intact() must be asked
  std::uint8_t opened = 0;                   // 0: nothing below limit; 1: the reserve; 2: and the last stand
  std::uint8_t renews = no_class;            // processes of this class may begin on it as it is
  int overflowed_on = 0;                     // the thread on which the last stand was opened, by the kernel's number

  /// Where the first frame begins, growing down.
  std::byte* top() noexcept { return reinterpret_cast<std::byte*>(this); }
  const std::byte* top() const noexcept { return reinterpret_cast<const std::byte*>(this); }
  std::size_t usable_bytes() const noexcept { return static_cast<std::size_t>(top() - limit); }
  std::byte* reserve() noexcept { return limit - reserve_bytes(size_class); }
  std::byte* guard() noexcept { return reserve() - guard_bytes(size_class); }
  bool reserve_open() const noexcept { return opened != 0; }
  /// The lowest address that code may use now.
  std::byte* open_from() noexcept;

  /// Remembers how deep the stack has been. Owner only.
  MOTE_NO_SANITIZE void note_depth(std::byte* stack_pointer) noexcept {
    if (stack_pointer < lowest) lowest = stack_pointer;
  }
};
static_assert(sizeof(stack) == cache_line_bytes);

/// What an address in the arena belongs to. Addresses in a header or above it count as stack.
enum class stack_zone : std::uint8_t { outside, guard, reserve, usable };

/// Gives back the pages that lie wholly below keep_from, down to the reserve; what was in them reads as zero. Leave
/// room for the red zone: everything from keep_from - 128 on is kept. The caller holds the stack and runs on another
/// one, or passes an address below its own frame. About 1.1 microseconds, 0.2 when there is nothing. Never fails.
void trim(stack& which, const std::byte* keep_from) noexcept;

/// Opens the reserve of an overflowing stack, so that its process can run on to its next runtime call. false: it is
/// open already, or the kernel refused. Async-signal-safe, changes errno.
bool open_reserve(stack& which) noexcept;
/// Opens half of the guard, below an open reserve. As open_reserve.
bool open_last_stand(stack& which) noexcept;
/// Takes the reserve and the last stand back, and their pages with them; where the kernel refuses, they stay open, until the next
/// time. The caller runs on another stack, or on this one above limit. Forgets the overflow.
void close_reserve(stack& which) noexcept;

/// false: a stack without guard has run into its reserve. Always true where guards are. Costs a load from the stack's
/// low end; ask when a process is switched out deep, and when it ends.
bool intact(const stack& which) noexcept;

}  // namespace mote::detail
