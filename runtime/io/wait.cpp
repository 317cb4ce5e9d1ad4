#include "runtime/io/wait.hpp"

namespace mote::detail {

namespace {

/// The process is known as one that waits for the entry, until this goes.
class announced {
 public:
  announced(io_entry& entry, io_side side, const process& self) noexcept
      : entry_(entry), side_(side), waits_(entry.state.begin_wait(side, self.key())) {}
  announced(const announced&) = delete;
  announced& operator=(const announced&) = delete;
  ~announced() {
    if (waits_) entry_.state.end_wait(side_);
  }
  bool waits() const noexcept { return waits_; }

 private:
  io_entry& entry_;
  io_side side_;
  bool waits_;
};

}  // namespace

void begin_io() {
  core& here = *current_core();
  here.spend(io_cost);
  yield_if_used_up(here);
  heed_signals(*current_core(), *current_core()->current());
}

bool await(io_entry& entry, io_side side, std::uint64_t deadline_ns) {
  process& self = *current_core()->current();
  heed_signals(*current_core(), self);
  const announced mark(entry, side, self);
  while (mark.waits() && !entry.state.is_ready(side)) {
    self.waits_on = static_cast<std::uint32_t>(entry.descriptor);
    if (!wait_for_wake(self, deadline_ns, wait_reason::descriptor)) return entry.state.is_ready(side);
    heed_signals(*current_core(), self);
  }
  return true;
}

}  // namespace mote::detail
