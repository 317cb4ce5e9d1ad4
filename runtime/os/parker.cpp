// Parking on a futex. The kernel compares the word under its own lock, so an unpark between the owner's announcement
// and its sleep is not lost: it replaced asleep, and the sleep does not begin.
#include "runtime/os/parker.hpp"

namespace mote::detail {

bool parker::park(std::uint64_t timeout_ns) noexcept {
  if (permit_.take_or_announce()) return true;
  const bool for_ever = timeout_ns == no_timeout;
  do {
    futex_wait(permit_.futex(), permit::asleep, timeout_ns);
  } while (for_ever && permit_.is_asleep());
  return permit_.wake_up();
}

permit::word parker::unpark() noexcept {
  const permit::word found = permit_.leave();
  if (found == permit::asleep) futex_wake_one(permit_.futex());
  return found;
}

}  // namespace mote::detail
