// How mail gets into a limited mailbox, and out of its count again: what senders (full_mailbox.cpp) and the owner (bounds.cpp)
// share. Labels: bounds.hpp.
#pragma once

#include "runtime/process/core.hpp"

#include <mutex>

namespace mote::detail {

inline constexpr std::uint32_t few = 16;  // messages that every mailbox may hold, whatever the budget

/// What one message needs, and of which limit.
struct ticket {
  bound* limit;
  type_bound* by_type;  ///< nullptr: the mailbox's own
  std::uint32_t units;
  std::uint32_t most_count;  ///< 0: no limit
  bool by_budget;            ///< the budget has made it less
};

/// With which right mail comes.
enum class entrance : std::uint8_t {
  usual,
  first,   ///< it has been parked, and is the next (B3)
  tenth,   ///< up to a tenth more than the limit (B5)
  forced,
};

/// nullptr: the mailbox's own limit is the one.
type_bound* bound_for(mailbox_bounds& bounds, const envelope& mail) noexcept;
ticket ticket_for(const runtime& home, mailbox_bounds& bounds, envelope& mail) noexcept;
/// What a message weighs.
std::uint32_t units_of(const runtime& home, const mailbox_bounds& bounds, envelope& mail) noexcept;
/// Adds to what waits in all mailboxes.
/// Wakes the owners of mailboxes that wait for the budget (B7). Not under a lock. here: nullptr in a plain thread.
MOTE_COLD void wake_short(core* here, runtime& home) noexcept;
/// The block has been taken by a later process, or its process has ended (B6). Under the lock.
bool is_over(const process& to, const envelope& mail) noexcept;
/// Pushes mail where it fits; full: it does not.
pushed enter(mailbox_bounds& bounds, process& to, envelope* mail, const ticket& wanted, entrance how) noexcept;
/// The same under the lock. Where the budget alone keeps it out, its owner hears when that is over (B7). wanted: what it was.
pushed enter_locked(runtime& home, mailbox_bounds& bounds, process& to, envelope* mail, entrance how, ticket& wanted) noexcept;
/// It is the caller's to make ready. here: nullptr in a plain thread.
void make_ready(core* here, runtime& home, process& woken) noexcept;

// ---- the parked, under the lock (B2, B3) ----
void link_parked(mailbox_bounds& bounds, parked_send& one, bound& limit) noexcept;
/// before: nullptr, when it is the first.
void unlink_parked(mailbox_bounds& bounds, parked_send& one, parked_send* before) noexcept;
/// Once the lock is given up, the sender's stack may be gone.
void wake_parked(core& here, parked_send& one, posted outcome) noexcept;

// ---- out again ----
/// Of a mailbox that drops its oldest, or by type, under the lock.
void count_off(mailbox_bounds& bounds, const envelope& mail, std::uint32_t units) noexcept;
/// Drops mail that has been taken off the shelf or heap; who asked by it is told. False: it is the oldest again, since there is
/// no memory to tell.
bool drop_one(core* here, runtime& home, process& to, mailbox_bounds& bounds, envelope* oldest) noexcept;

}  // namespace mote::detail
