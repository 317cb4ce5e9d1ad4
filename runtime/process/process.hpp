// The control block of a process: 256 bytes of type-stable memory, found from the pid by index and checked by generation.
//
// What one hop of a message touches lies in the first two lines. Owned by the process while it runs, by its waker between the
// end of its sleep and its next run; inbox, generation, and the relaxed cells are for everyone.
#pragma once

#include "mailbox/inbox.hpp"
#include "runtime/base/id_map.hpp"
#include "runtime/base/relaxed.hpp"
#include "runtime/process/links.hpp"
#include "runtime/time/timer_wheel.hpp"
#include "scheduler/runnable.hpp"

#include <mote/detail/mailbox.hpp>
#include <mote/detail/spawn.hpp>
#include <mote/pid.hpp>
#include <mote/process.hpp>
#include <mote/reason.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace mote::detail {

class ref_table;
class local_values;

/// What only some processes have.
struct process_details {
  std::string name, label;
};

/// Who wants a `down`: the watcher's pid as a key, and where it keeps the monitor.
struct watch {
  std::uint64_t watcher_key = 0;
  std::uint32_t slot = 0;
};

struct process_flags {
  static constexpr std::uint32_t traps_exits = 1;
  static constexpr std::uint32_t doomed = 2;   ///< an exit reason stands: the next call that may end the process does
  static constexpr std::uint32_t killed = 4;   ///< doomed by kill: sends are dropped, waits are bounded
  static constexpr std::uint32_t hidden = 8;   ///< not one of the program's: the root
  static constexpr std::uint32_t told_of_mutex = 32;  ///< reported as waiting with a mutex held
  static constexpr std::uint32_t serves = 64;  ///< a server: its body stays, and it has a stack only while it handles mail
  static constexpr std::uint32_t heard = 128;       ///< somebody has been told of its end
  static constexpr std::uint32_t unfinished = 256;  ///< has ended, and could not tell everyone yet
  static constexpr std::uint32_t limited = 1024;  ///< its mailbox has limits (bounds.hpp)
  static constexpr std::uint32_t sheds = 2048;    ///< and drops the oldest mail by one of them
  static constexpr std::uint32_t told_of_stack = 16;  ///< the alarm has been given (alarms.hpp)
  static constexpr std::uint32_t stands_in = 512;  ///< for one of another OS process (abroad.hpp)
  static constexpr std::uint32_t awaited = 1u << 15;  ///< somebody outside is to be told of its end (runtime::await_end)
  static constexpr unsigned waits_shift = 12;  ///< a wait_reason: for what it waits; any but 0 is deaf to ordinary mail
  static constexpr std::uint32_t waits_mask = 7u << waits_shift;
  static constexpr unsigned throws_shift = 16; ///< above: how often the exit has been thrown
  static constexpr std::uint32_t single[] = {traps_exits, doomed,     killed,  hidden, told_of_stack, told_of_mutex, serves,
                                             heard,       unfinished, stands_in, limited, sheds,      awaited};
};

/// Whether no two flags share a bit, nor one with the numbers between and above them.
constexpr bool flags_are_disjoint() noexcept {
  std::uint32_t taken = process_flags::waits_mask | ~std::uint32_t{0} << process_flags::throws_shift;
  for (const std::uint32_t flag : process_flags::single) {
    if ((taken & flag) != 0) return false;
    taken |= flag;
  }
  return true;
}
static_assert(flags_are_disjoint());

class alignas(64) process : public runnable {
 public:
  static constexpr std::size_t inline_closure_bytes = 32;

  // Line 0, with the runnable: what a sender touches.
  inbox<> mail;
  std::atomic<std::uint32_t> generation{0};
  std::uint32_t index = 0;
  envelope* handed = nullptr;  ///< mail that ended the last sleep (inbox I3)

  // Line 1: what else a receiver touches.
  pending_list pending;
  relaxed_cell<std::uint64_t> reductions;
  relaxed_cell<std::uint32_t> flags;
  relaxed_cell<std::uint32_t> stack_used;  ///< bytes, when it was last switched out
  relaxed_cell<std::uint32_t> monitors;    ///< that it asked for and that are in force
  relaxed_cell<std::uint32_t> parked_at;   ///< its scheduler's coarse time when its last wait began
  relaxed_cell<std::uint64_t> parent_key;
  const closure_type* body = nullptr;      ///< until it has been run or dropped

  // Line 2: what only some have.
  std::unique_ptr<ref_table> refs;
  std::unique_ptr<id_map<watch>> watchers;  ///< by the monitor's number
  std::unique_ptr<local_values> locals;
  std::unique_ptr<process_details> details;  ///< changed and read by others under the runtime's details lock
  [[no_unique_address]] link_set links;
  relaxed_cell<std::uint32_t> waits_on;  ///< whom or what its last wait was for: a process's index, a descriptor (wait_reason)

  // Line 3.
  timer_id wait_timer;
  reason doom;  ///< why it is to end, once doomed
  alignas(16) std::byte closure[inline_closure_bytes];  ///< the closure, or, when that is larger, a pointer to it

  bool has(std::uint32_t flag) const noexcept { return (flags & flag) != 0; }
  void set(std::uint32_t flag) noexcept { flags = flags | flag; }
  void clear(std::uint32_t flag) noexcept { flags = flags & ~flag; }

  /// What its wait is for; says something of one that waits only.
  wait_reason waits_for() const noexcept {
    return static_cast<wait_reason>((flags & process_flags::waits_mask) >> process_flags::waits_shift);
  }

  /// Generation and index in one word: names the process within its runtime.
  std::uint64_t key() const noexcept { return key_of(generation.load(relaxed), index); }
  static constexpr std::uint64_t key_of(std::uint32_t generation, std::uint32_t index) noexcept {
    return std::uint64_t{generation} << 32 | index;
  }
  bool closure_is_inline() const noexcept { return fits_inline(*body); }
  static bool fits_inline(const closure_type& type) noexcept {
    return type.size <= inline_closure_bytes && type.alignment <= 16;
  }
  /// Drops all mail unread. False: there was none.
  bool discard_mail() noexcept;
  /// The same, and what it was to run. For a block that nothing runs any more. False: there was nothing.
  bool discard() noexcept;
  void* closure_place() noexcept { return closure_is_inline() ? closure : *reinterpret_cast<void**>(closure); }
};
static_assert(sizeof(process) == 256);

/// Whether its mailbox is closed: nothing will come to it any more.
inline bool has_ended(const process& who) noexcept { return (who.mail.high() & inbox_flags::closed) != 0; }

constexpr std::uint64_t key_of(pid who) noexcept { return process::key_of(who.generation(), who.index()); }

/// What travels as an envelope of kind signal.
enum class signal_kind : std::uint8_t { link, unlink, unlink_ack, linked_exit, exit, monitor, demonitor, request_done };

/// In the slot of an exit signal of the runtime's own: it cannot be trapped.
inline constexpr std::uint32_t forced_exit = 1;

struct signal {
  signal_kind kind;
  std::uint32_t slot;
  pid from;
  std::uint64_t number;
  reason why;
};

}  // namespace mote::detail

template <>
struct mote::message_traits<mote::detail::signal> {
  static constexpr bool owns_all = true;
};
