#include "runtime/worker/porter.hpp"

#include <utility>

namespace mote::detail {

namespace {

constexpr std::size_t usual_packet_bytes = 32 * 1024;
constexpr int packets_a_round = 16;

bool goes_as_it_is(const envelope& mail) noexcept {
  return mail.type == &message_type_of<outbound> && mail.kind == envelope_kind::message && mail.mark == 0;
}

}  // namespace

bool porter::collect() {
  core& here = *current_core();
  process& self = *here.current();
  sort_mail(here, self);
  end_if_doomed(here, self);
  bool any = false;
  while (!blocked_ && self.pending.first != nullptr && packet_.size() < usual_packet_bytes) {  // B1
    envelope_ptr mail(self.pending.take(&self.pending.first));
    any = true;
    if (goes_as_it_is(*mail)) {
      send(*static_cast<outbound*>(mail->payload()));
      ++frames_;
    } else {
      take_mail(std::move(mail));
    }
  }
  return any;
}

bool porter::write() {
  if (packet_.empty()) return false;
  const wire_state how = unheard_ ? wire_state::closed : wire_.write(packet_);
  blocked_ = how == wire_state::later;
  if (blocked_) return false;
  packet_.clear();
  if (frames_ != 0) written(std::exchange(frames_, 0));
  if (how == wire_state::closed) unheard_ = true;  // B2
  return true;
}

bool porter::read(int most) {
  bool any = false;
  for (int i = 0; i < most && !closed_; ++i) {
    std::span<const std::byte> packet;
    const wire_state how = wire_.read(packet);
    if (how == wire_state::later) break;
    if (how == wire_state::closed) closed_ = true;
    for (frame_reader frames(packet); !frames.at_end();) {
      std::span<const std::byte> body;
      const frame_kind kind = frames.next(body);
      decoder in(body);
      take_frame(kind, in);
    }
    any = true;
  }
  return any;
}

// What is there before anything is collected is a packet of its own (B3).
//
// Who has waited lets those for whom the first packet is answer it before it looks for a second, which mostly finds nothing.
void porter::carry() {
  write();
  for (bool woken = false;;) {
    bool busy = collect();
    busy = write() || busy;
    busy = read(woken ? 1 : packets_a_round) || busy;
    if (over(closed_)) return;
    if (!busy) {
      wire_.wait(!closed_, blocked_, deadline_ns());
    } else if (woken) {
      current_core()->yield();
    } else {
      yield_if_used_up(*current_core());
    }
    woken = !busy;
  }
}

}  // namespace mote::detail
