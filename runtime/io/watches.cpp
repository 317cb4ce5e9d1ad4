#include "runtime/io/watches.hpp"

#include <cerrno>

namespace mote::detail {

// Somebody waits for the other side already. The number may have been closed and opened again meanwhile, then the queue has
// forgotten it.
int watches::tell_anew(io_entry& entry) noexcept {
  const int error = poll_.renew(entry);
  return error == ENOENT ? poll_.add(entry) : error;
}

opened watches::begin(int descriptor, io_side side) {
  const std::lock_guard hold(lock_);
  watch& known = by_descriptor_[descriptor];
  bool& taken = known.taken[static_cast<std::size_t>(side)];
  if (taken) return {nullptr, EBUSY};
  int error = 0;
  if (known.entry != nullptr) {
    error = tell_anew(*known.entry);
  } else if (io_entry* const fresh = table_.take()) {
    fresh->descriptor = descriptor;
    fresh->borrowed = true;
    known.entry = fresh;
    error = poll_.add(*fresh);
  } else {
    error = ENOMEM;
  }
  if (error == 0) {
    taken = true;
    return {known.entry, 0};
  }
  if (!known.taken[0] && !known.taken[1]) {
    if (known.entry != nullptr) table_.give(*known.entry);
    by_descriptor_.erase(descriptor);
  }
  return {nullptr, error};
}

void watches::end(io_entry& entry, io_side side) noexcept {
  const std::lock_guard hold(lock_);
  const auto found = by_descriptor_.find(entry.descriptor);
  watch& known = found->second;
  known.taken[static_cast<std::size_t>(side)] = false;
  if (known.taken[0] || known.taken[1]) return;
  poll_.remove(entry);
  table_.give(entry);
  by_descriptor_.erase(found);
}

}  // namespace mote::detail
