// Limits of mailboxes: what a limited one keeps beside its process's block, and what becomes of mail that finds it full.
// docs/design/mailbox.md, Limits.
//
// B1  Each envelope that counts in a limit is marked (envelope::counts), and let go of exactly once, where receive takes it
//     out or where it is dropped. What has come, which the inbox's word tells, less what is gone is what waits. Gone is
//     written by the owner alone, save for the policy drop_oldest.
// B2  A sender parks only under the lock, after it has found no room there. The owner looks after those parked, under the lock,
//     before each wait, and whenever it has let go of half of its limit. So nobody is parked beside an owner that waits and has
//     room, and one that receives on and on lets the parked in by batches.
// B3  While anyone is parked, who comes queues up behind him. The owner pushes parked mail into its own inbox, the oldest first:
//     all that its sender sent before lies there or has been drained, so order holds.
// B4  drop_oldest: what receive has not asked for yet lies where senders reach it: drained on the shelf, or, taken out of the
//     inbox by a sender who looked for the oldest, unsorted in the heap. Shelf is older than heap, heap than inbox. Both are
//     under the lock. While the owner sorts (B5) nobody takes anything out of the inbox.
// B5  What the owner sorts at this moment nobody can drop. A message that finds no other is let in, up to a tenth more than the
//     limit, and the owner drops what is too much.
// B6  The end: the inbox closes, then the lock is taken, all parked are let go and the lists emptied. Who finds, under the lock,
//     the generation that he wants and the inbox open, deals with a process that has not come so far, so its block is its own.
// B7  Where the budget stops a sender, its mailbox is put on the runtime's list, under the lock, and then the budget looked at once
//     more. Who brings what waits back under the budget takes the list and nudges the owners, who let in whom they can, and
//     put themselves there again if need be (budget.hpp, G2).
// O1  The lock orders all but what is gone, which may be read a little late: a mailbox seems fuller then than it is, and who
//     parks for that has looked under the lock (B2).
#pragma once

#include "mailbox/inbox.hpp"
#include "runtime/base/inline.hpp"
#include "runtime/base/spin_lock.hpp"

#include <mote/detail/envelope.hpp>
#include <mote/mailbox.hpp>

#include <cstdint>
#include <type_traits>

namespace mote::detail {

class core;
class lax_limit;
class parker;
class process;
class runtime;

/// What became of mail that was offered. Not in: it is still the sender's.
enum class posted : std::uint8_t {
  in,
  in_late,  ///< its sender was parked, and may be on another scheduler now
  gone,     ///< the receiver has ended
  full,     ///< the limit's policy refuses it, or its sender must not wait for room
  timeout,  ///< there was no room in time
};

/// What a sender does at a full mailbox of the policy park_sender.
struct patience {
  enum class kind : std::uint8_t { waits, refuses, insists } what;
  const lax_limit* limit = nullptr;  ///< of one that waits; nullptr: none
};
inline constexpr patience waits_for_room{patience::kind::waits};
inline constexpr patience refuses{patience::kind::refuses};
/// One that cannot wait, since it is no process, and whose mail has its memory already: a timer.
inline constexpr patience insists{patience::kind::insists};

constexpr bool is_in(posted how) noexcept { return how <= posted::in_late; }

/// Envelopes, oldest first. All zero: empty.
struct mail_queue {
  envelope* first;
  envelope* last;

  void append(envelope* mail) noexcept {
    mail->next = nullptr;
    (first == nullptr ? first : last->next) = mail;
    last = mail;
  }
  /// A chain as an inbox has it.
  void append_newest_first(envelope* newest) noexcept {
    mail_queue chain{nullptr, newest};
    while (newest != nullptr) {
      envelope* const older = newest->next;
      newest->next = chain.first;
      chain.first = newest;
      newest = older;
    }
    if (chain.first == nullptr) return;
    (first == nullptr ? first : last->next) = chain.first;
    last = chain.last;
  }
  void prepend(envelope* mail) noexcept {
    mail->next = first;
    first = mail;
    if (last == nullptr) last = mail;
  }
  /// The first for which wanted(mail) holds, taken out, or nullptr.
  template <class Wanted>
  envelope* take(Wanted&& wanted) noexcept {
    envelope* before = nullptr;
    for (envelope* mail = first; mail != nullptr; before = mail, mail = mail->next) {
      if (!wanted(*mail)) continue;
      (before == nullptr ? first : before->next) = mail->next;
      if (last == mail) last = before;
      return mail;
    }
    return nullptr;
  }
  envelope* take_first() noexcept {
    return take([](const envelope&) { return true; });
  }
};

/// A sender that waits for room, on its own stack. Under the lock of the mailbox that it waits for.
struct parked_send {
  envelope* mail;
  process* sender;  ///< nullptr: a plain thread
  parker* thread;
  parked_send* next;
  posted outcome;
  bool waits;
};

/// Zero in a count or size: none. All of it zero: no limit of any kind.
struct bound {
  std::uint32_t most_count;
  std::uint32_t most_units;
  when_full policy;
  atomic<std::uint32_t> parked;  ///< for room in this one; changed under the lock
};

/// All of it under the lock.
struct type_bound : bound {
  const message_type* type;
  std::uint32_t count, units;  ///< that wait
};

/// Lives as long as the table, in memory that begins as zero; follows its block from process to process.
struct alignas(64) mailbox_bounds {
  static constexpr std::size_t most_types = 8;

  bound own;
  bool weighs;       ///< looks into messages for their size
  bool told;         ///< under the lock: the receiver has been told to end
  bool sorting;      ///< under the lock (B5)
  std::uint8_t types;
  atomic<std::uint32_t> gone_count;  ///< modulo what the inbox's word can count
  atomic<std::uint32_t> gone_units;
  atomic<std::uint32_t> parked;      ///< in all; changed under the lock
  atomic<std::uint32_t> told_of_length;  ///< of which generation the alarm has been given (alarms.hpp); of any mailbox
  std::uint32_t looked_count;  ///< the owner's: what was gone when it last looked after the parked
  std::uint32_t looked_units;
  spin_lock lock;

  parked_send* first_parked;
  parked_send* last_parked;
  mail_queue shelf, heap;  ///< B4
  atomic<bool> listed;        ///< B7: as one that waits for the budget
  std::uint32_t next_listed;

  type_bound by_type[most_types];

  struct load {
    std::uint32_t count, units;
  };
  /// What waits and counts in the mailbox's own limit, from its inbox's word.
  load waiting(std::uint64_t high) const noexcept {
    return {less(inbox_load::count(high), gone_count.load(relaxed), inbox_load::count_mask),
            less(inbox_load::units(high), gone_units.load(relaxed), inbox_load::units_mask)};
  }
  /// What counts in limits by type as well. Under the lock, or of an image.
  load waiting_in_all(std::uint64_t high) const noexcept {
    load all = waiting(high);
    for (std::size_t i = 0; i < types && i < most_types; ++i) {
      all.count += by_type[i].count;
      all.units += by_type[i].units;
    }
    return all;
  }

 private:
  // Who reads `come` first and `gone` later may find more gone than has come.
  static std::uint32_t less(std::uint64_t come, std::uint64_t gone, std::uint64_t mask) noexcept {
    const std::uint64_t left = (come - gone) & mask;
    return left > mask / 2 ? 0 : static_cast<std::uint32_t>(left);
  }
};
static_assert(std::is_trivially_destructible_v<mailbox_bounds>);

/// Throws usage_error that names what is impossible.
void check_mailbox(const mailbox_options& wanted);
inline bool is_bounded(const mailbox_options& wanted) noexcept {
  return wanted.messages || wanted.bytes || wanted.policy || !wanted.types.empty();
}
/// Of a process that nobody knows yet.
void set_bounds(runtime& home, process& unborn, const mailbox_options& wanted);
/// Of a process that nobody knows any more.
void forget_bounds(runtime& home, process& ended) noexcept;

/// Mail for a bounded mailbox. here: nullptr in a plain thread.
MOTE_COLD posted offer_bounded(core* here, runtime& home, process& to, envelope* mail, const patience& how) noexcept;
/// Owner, before it waits: lets in who is parked, as far as there is room. Whether there is mail on the shelf or in the heap.
MOTE_COLD bool attend(core& here, process& self) noexcept;
/// Owner, drop_oldest: takes the heap and all that is in the inbox, oldest first, and begins to sort.
envelope* begin_sorting(core& here, process& self) noexcept;
void end_sorting(core& here, process& self) noexcept;
/// Owner, drop_oldest: the place of a message until it is asked for.
MOTE_COLD void put_on_shelf(core& here, process& self, envelope* mail) noexcept;
/// Owner, drop_oldest: moves the oldest of the shelf to the pending list, if that is at its end.
MOTE_COLD void take_from_shelf(core& here, process& self) noexcept;
/// drop_marked, of the shelf.
std::size_t drop_marked_on_shelf(core& here, process& self, std::uint64_t number) noexcept;
/// Owner, whose mailbox has just closed: lets all who are parked go. What lay aside comes behind what is pending, and, unsorted,
/// before `left`, which is newest first.
MOTE_COLD void close_bounds(core& here, process& self, envelope*& left) noexcept;
/// Of a process that will not run again, nor be sent to: drops what lies aside (B4). Whether there was any.
bool discard_aside(runtime& home, process& gone) noexcept;
/// Of mail of this process that counts, and is about to leave (B1).
void let_go(core& here, process& owner, envelope& mail) noexcept;
/// How many messages and 16-byte units wait for a process, however its mailbox is limited. Any thread.
mailbox_bounds::load waiting_for(const runtime& home, const process& who) noexcept;

}  // namespace mote::detail
