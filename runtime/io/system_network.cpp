#include "runtime/io/system_network.hpp"

#include <cerrno>

namespace mote::detail {

std::unique_ptr<network> make_system_network(scheduler_group& schedulers) {
  return std::make_unique<system_network>(schedulers);
}

system_network::~system_network() {
  table_.for_each([](io_entry& left) {
    if (!left.borrowed) close_descriptor(left.descriptor);
  });
}

// A new descriptor becomes an entry that is told what happens to it; it is closed where that fails.
opened system_network::enter(socket_result made, bool stream, bool room_told) {
  if (made.error != 0) return {nullptr, made.error};
  io_entry* const entry = table_.take();
  if (entry == nullptr) {
    close_descriptor(made.descriptor);
    return {nullptr, ENOMEM};
  }
  entry->descriptor = made.descriptor;
  entry->stream = stream;
  entry->room_told = room_told;
  const int error = poll_.add(*entry);
  if (error == 0) return {entry, 0};
  close(*entry);
  return {nullptr, error};
}

opened system_network::listen(const listen_wish& wish) {
  return enter(open_listener(wish.at, wish.backlog, wish.v6_only, wish.shared), false);
}

opened system_network::accept(io_entry& listener) { return enter(accept_from(listener.descriptor), true); }

opened system_network::begin_connect(const endpoint& to) { return enter(detail::begin_connect(to), true); }

int system_network::tell_of_room(io_entry& entry, bool told) {
  entry.room_told = told;
  return poll_.renew(entry);
}

io_result system_network::receive(io_entry& entry, void* into, std::size_t most) {
  const transfer_result got = receive_some(entry.descriptor, into, most);
  return {got.bytes, got.error};
}

io_result system_network::send(io_entry& entry, const void* from, std::size_t size) {
  const transfer_result sent = send_some(entry.descriptor, from, size);
  return {sent.bytes, sent.error};
}

// The generation moves on first: an event that comes from now on is nobody's.
void system_network::close(io_entry& entry) noexcept {
  const int descriptor = entry.descriptor;
  table_.give(entry);
  close_descriptor(descriptor);
}

}  // namespace mote::detail
