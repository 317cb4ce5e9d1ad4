// Parking on a futex. The kernel compares the word under its own lock, so an unpark between the owner's announcement
// and its sleep is not lost: it replaced asleep, and the sleep does not begin.
#include "runtime/os/parker.hpp"

namespace mote::detail {

bool parker::park(std::uint64_t timeout_ns) noexcept {
  std::uint32_t seen = empty;
  if (!state_.compare_exchange_strong(seen, asleep, acquire, acquire)) {  // P1, or O1: it is a permit
    return state_.exchange(empty, acquire) == permit;
  }
  const bool for_ever = timeout_ns == no_timeout;
  do {
    futex_wait(state_, asleep, timeout_ns);
  } while (for_ever && state_.load(relaxed) == asleep);
  return state_.exchange(empty, acquire) == permit;  // O1 P3
}

void parker::unpark() noexcept {
  if (state_.exchange(permit, release) == asleep) futex_wake_one(state_);  // O1 P2
}

}  // namespace mote::detail
