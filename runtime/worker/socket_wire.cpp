#include "runtime/worker/socket_wire.hpp"

#include "runtime/os/system_refusal.hpp"
#include "runtime/process/core.hpp"

#include <mote/codec.hpp>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace mote::detail {

namespace {

constexpr std::uint64_t shortage_pause_ns = 10'000'000;

io_entry& adopted(network& net, descriptor socket) {
  const opened made = net.adopt(socket.release());
  if (made.entry == nullptr) throw system_refusal(made.error, "mote: the channel to an OS process");
  return *made.entry;
}

/// The process is known as one that waits for the socket, until this goes.
class expecting {
 public:
  expecting(watched_socket& socket, io_side side, std::uint64_t key)
      : state_(socket.entry().state), side_(side), waits_(state_.begin_wait(side, key)) {}
  expecting(const expecting&) = delete;
  expecting& operator=(const expecting&) = delete;
  ~expecting() {
    if (waits_) state_.end_wait(side_);
  }
  bool waits() const noexcept { return waits_; }

 private:
  readiness& state_;
  io_side side_;
  bool waits_;
};

}  // namespace

watched_socket::watched_socket(network& net, descriptor socket) : net_(net), entry_(adopted(net, std::move(socket))) {}

packet_result watched_socket::send(std::span<const std::byte> packet, std::span<const int> attached) noexcept {
  entry_.state.prepare(io_side::write);
  return send_packet(entry_.descriptor, packet, attached);
}

bool watched_socket::tell_of_room(bool told) noexcept {
  return entry_.room_told == told || net_.tell_of_room(entry_, told) == 0;
}

packet_result watched_socket::receive(std::span<std::byte> into, std::span<descriptor> attached) noexcept {
  if (!may_try(entry_, io_side::read)) return {0, EAGAIN};
  bool& dry = entry_.dry[static_cast<std::size_t>(io_side::read)];
  entry_.state.prepare(io_side::read);
  const packet_result got = receive_packet(entry_.descriptor, into, attached);
  dry = got.error == EAGAIN;
  return got;
}

packet_wire::packet_wire(network& net, descriptor socket) : socket_(net, std::move(socket)), buffer_(most_packet_bytes) {}

// 0, or an errno value.
int packet_wire::try_to_send(std::span<const std::byte> packet) {
  if (packet.size() <= most_packet_bytes) return socket_.send(packet, {}).error;
  try {
    const descriptor file = make_sealed_file(packet);
    const int number = file.get();
    return socket_.send(packet.first(1), std::span(&number, 1)).error;
  } catch (const std::system_error& refused) {
    if (!is_shortage(refused.code().value())) throw;
    return refused.code().value();
  }
}

// Of a shortage no event tells that it is over. ETOOMANYREFS: descriptors under way count too.
wire_state packet_wire::write(std::span<const std::byte> packet) {
  const std::uint64_t now = current_core()->now_ns();
  if (now < pauses_until_ns_) return wire_state::later;
  pauses_until_ns_ = 0;
  const int error = try_to_send(packet);
  if (error == 0) {
    static_cast<void>(socket_.tell_of_room(false));
    return wire_state::done;
  }
  if (error == EAGAIN || error == EINTR) return wire_state::later;
  if (!is_shortage(error) && error != ETOOMANYREFS) return wire_state::closed;
  pauses_until_ns_ = now + shortage_pause_ns;
  return wire_state::later;
}

wire_state packet_wire::read(std::span<const std::byte>& packet) {
  large_.reset();
  descriptor file;
  packet_result got;
  do {
    got = socket_.receive(buffer_, std::span(&file, 1));
  } while (got.error == EINTR);
  if (got.error == EAGAIN) return wire_state::later;
  if (got.error == EMSGSIZE) decoder::refuse("a packet is larger than any may be");
  if (got.error == EMFILE) throw system_refusal(EMFILE, "mote: a large message from an OS process");
  if (got.error != 0 || got.bytes == 0) return wire_state::closed;
  packet = std::span<const std::byte>(buffer_).first(got.bytes);
  if (!file) return wire_state::done;
  large_.emplace(file);
  packet = large_->view();
  if (packet.empty()) decoder::refuse("a file came along that could change or is empty");
  return wire_state::done;
}

// Leaves the readiness alone, which is its owner's: who finds no room leaves the packet to that one.
wire_state near_wire::write_now(std::span<const std::byte> packet) noexcept {
  if (packet.size() > most_packet_bytes) return wire_state::later;
  const packet_result sent = send_packet(packets_.socket().entry().descriptor, packet);
  return sent.error == 0 ? wire_state::done : wire_state::later;
}

void wait_for_sockets(packet_wire& first, bool reading, bool writing, watched_socket* second, std::uint64_t deadline_ns) {
  process& self = *current_core()->current();
  heed_signals(*current_core(), self);
  watched_socket& socket = first.socket();
  const std::uint64_t pause_ns = writing ? first.pauses_until_ns() : 0;
  std::optional<expecting> data, more, room;
  if (reading && !data.emplace(socket, io_side::read, self.key()).waits()) return;
  if (second != nullptr && !more.emplace(*second, io_side::read, self.key()).waits()) return;
  if (writing && pause_ns == 0 && (!socket.tell_of_room(true) || !room.emplace(socket, io_side::write, self.key()).waits())) return;
  if (self.pending.first != nullptr && !writing) return;
  static_cast<void>(wait_for_wake(self, pause_ns != 0 ? std::min(deadline_ns, pause_ns) : deadline_ns, wait_reason::message));
}

}  // namespace mote::detail
