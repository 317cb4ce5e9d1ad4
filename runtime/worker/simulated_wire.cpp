#include "runtime/worker/simulated_wire.hpp"

#include <algorithm>
#include <utility>

namespace mote::detail {

std::uint64_t simulated_delay_ns() noexcept {
  seam& order = current_core()->order();
  return 1 + (order.choose(8) == 0 ? order.choose(5'000'000) : order.choose(50'000));
}

wire_state simulated_pipe::write(std::span<const std::byte> packet) {
  if (closed_) return wire_state::closed;
  if (!has_room()) return wire_state::later;
  const std::uint64_t at = std::max(current_core()->now_ns() + simulated_delay_ns(), last_arrival_ns_ + 1);
  under_way_.push_back({at, {packet.begin(), packet.end()}});
  last_arrival_ns_ = at;
  under_way_bytes_ += packet.size();
  return wire_state::done;
}

wire_state simulated_pipe::read(std::span<const std::byte>& packet) {
  if (!has_news(current_core()->now_ns())) return wire_state::later;
  if (under_way_.empty()) return wire_state::closed;
  read_last_ = std::move(under_way_.front().bytes);
  under_way_.pop_front();
  under_way_bytes_ -= read_last_.size();
  packet = read_last_;
  return wire_state::done;
}

void simulated_pipe::drop() noexcept {
  under_way_.clear();
  under_way_bytes_ = 0;
  closed_ = true;
}

std::uint64_t simulated_pipe::next_arrival_ns() const noexcept {
  if (!under_way_.empty()) return under_way_.front().arrives_ns;
  return closed_ ? 0 : no_deadline;
}

// No memory is as good as no room: the packet is queued with its owner's, who hears of it.
wire_state simulated_near_wire::write_now(std::span<const std::byte> packet) noexcept {
  try {
    return out_.write(packet) == wire_state::done ? wire_state::done : wire_state::later;
  } catch (const std::bad_alloc&) {
    return wire_state::later;
  }
}

bool simulated_near_wire::has_what_is_wanted(bool reading, bool writing) const noexcept {
  return (reading && in_.has_news(current_core()->now_ns())) || (writing && out_.has_room());
}

void simulated_near_wire::wait(bool reading, bool writing, std::uint64_t deadline_ns) {
  process& self = *current_core()->current();
  heed_signals(*current_core(), self);
  if (has_what_is_wanted(reading, writing) || (self.pending.first != nullptr && !writing)) return;
  waiting_ = &self;
  for_reading_ = reading;
  for_writing_ = writing;
  static_cast<void>(wait_for_wake(self, deadline_ns, wait_reason::message));
  waiting_ = nullptr;
}

void simulated_near_wire::wake_waiting(core& here) noexcept {
  if (waiting_ == nullptr || !has_what_is_wanted(for_reading_, for_writing_)) return;
  process& waiting = *std::exchange(waiting_, nullptr);
  if (waiting.mail.nudge() == pushed::woke_linked) here.make_ready(waiting);
}

}  // namespace mote::detail
