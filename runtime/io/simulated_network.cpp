#include "runtime/io/simulated_network.hpp"

#include <mote/net_error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mote::detail {

namespace {

std::uint32_t draw(std::uint32_t count) noexcept { return current_core()->order().choose(count); }

// Mostly microseconds, now and then some milliseconds.
std::uint64_t some_delay_ns() noexcept { return 1 + (draw(8) == 0 ? draw(5'000'000) : draw(50'000)); }

// All of it in half of the cases, else a part.
std::size_t some_part_of(std::size_t size) noexcept {
  return draw(2) == 0 ? size : 1 + draw(static_cast<std::uint32_t>(std::min<std::size_t>(size, 1u << 20)));
}

}  // namespace

std::unique_ptr<network> make_simulated_network() { return std::make_unique<simulated_network>(); }

simulated_network::simulated_socket* simulated_network::find(int number) {
  const auto found = sockets_.find(number);
  return found != sockets_.end() ? &found->second : nullptr;
}

void simulated_network::announce(const simulated_socket& whom, io_event what) {
  if (whom.entry != nullptr) deliver(*current_core(), *whom.entry, whom.entry->state.generation(), what);
}

opened simulated_network::enter(simulated_socket made) {
  io_entry* const entry = table_.take();
  if (entry == nullptr) return {nullptr, ENOMEM};
  entry->descriptor = ++last_number_;
  entry->stream = made.now != stage::listening;
  made.entry = entry;
  sockets_.emplace(entry->descriptor, std::move(made));
  return {entry, 0};
}

std::uint16_t simulated_network::free_port() noexcept {
  last_port_ = static_cast<std::uint16_t>(last_port_ == 65535 ? 40000 : last_port_ + 1);
  return last_port_;
}

// ---- what is under way ----

// To `to`, after a delay, but not before what is on its way there already.
void simulated_network::post(int to, kind what, std::string bytes) {
  simulated_socket* const receiver = find(to);
  if (receiver == nullptr) return;
  core& here = *current_core();
  const std::uint64_t at = std::max(here.now_ns() + some_delay_ns(), receiver->last_arrival_ns + 1);
  receiver->last_arrival_ns = at;
  receiver->in_flight += bytes.size();
  const std::uint64_t number = ++last_news_;
  under_way_.emplace(number, news{what, to, std::move(bytes)});
  here.timers().arm(at, &arrive, this, number, nullptr);
}

void simulated_network::arrive(timer& due) noexcept {
  auto& self = *static_cast<simulated_network*>(due.subject);
  auto node = self.under_way_.extract(due.detail);
  self.handle(node.mapped());
}

void simulated_network::handle(news& one) {
  if (one.what == kind::connect) return meet(one.to);
  simulated_socket* const whom = find(one.to);
  if (whom == nullptr) return;
  switch (one.what) {
    case kind::connected:
      whom->now = stage::open;
      return announce(*whom, {false, true, false});
    case kind::refused:
      whom->now = stage::refused;
      return announce(*whom, {true, true, true});
    case kind::data:
      whom->in_flight -= one.bytes.size();
      if (!whom->was_reset) whom->arrived += one.bytes;
      return announce(*whom, {true, false, false});
    case kind::end:
      whom->ended = true;
      return announce(*whom, {true, false, true});
    case kind::reset:
      return reset(one.to);
    case kind::connect:
      return;
  }
}

void simulated_network::reset(int who) {
  simulated_socket& whom = sockets_.at(who);
  whom.was_reset = true;
  whom.arrived.clear();
  whom.peer = 0;
  announce(whom, {true, true, true});
}

// A client's wish reaches the machine where it wants to connect.
void simulated_network::meet(int client) {
  simulated_socket* const asking = find(client);
  if (asking == nullptr) return;
  const int at = find_listener(asking->remote);
  simulated_socket* const listener = find(at);
  if (listener == nullptr || listener->queue.size() >= listener->backlog) return post(client, kind::refused);
  simulated_socket made;
  made.now = stage::open;
  made.local = asking->remote;
  made.remote = asking->local;
  made.peer = client;
  made.listener = at;
  const int number = ++last_number_;
  sockets_.emplace(number, std::move(made));
  asking->peer = number;
  listener->queue.push_back(number);
  announce(*listener, {true, false, false});
  post(client, kind::connected);
}

// ---- listening and connecting ----

int simulated_network::find_listener(const endpoint& at) {
  for (auto& [number, one] : sockets_) {
    if (one.now != stage::listening || one.local.port != at.port) continue;
    const ip_address& mine = one.local.address;
    const bool all = mine == ip_address::any_v4() || mine == ip_address::any_v6();
    const bool same_family = mine.is_v6() == at.address.is_v6();
    if (mine == at.address || (all && (same_family || (mine.is_v6() && !one.v6_only)))) return number;
  }
  return 0;
}

opened simulated_network::listen(const listen_wish& wish) {
  simulated_socket made;
  made.now = stage::listening;
  made.local = wish.at;
  made.v6_only = wish.v6_only;
  made.backlog = static_cast<std::size_t>(std::max(wish.backlog, 1));
  if (wish.at.port == 0) made.local.port = free_port();
  if (find_listener(made.local) != 0 && !wish.shared) return {nullptr, EADDRINUSE};
  return enter(std::move(made));
}

opened simulated_network::accept(io_entry& listener) {
  simulated_socket& self = of(listener);
  if (self.queue.empty()) return {nullptr, EAGAIN};
  io_entry* const entry = table_.take();
  if (entry == nullptr) return {nullptr, ENOMEM};
  entry->descriptor = self.queue.front();
  entry->stream = true;
  self.queue.pop_front();
  simulated_socket& taken = sockets_.at(entry->descriptor);
  taken.entry = entry;
  taken.listener = 0;
  announce(taken, {!taken.arrived.empty() || taken.ended || taken.was_reset, true, taken.ended || taken.was_reset});
  return {entry, 0};
}

opened simulated_network::begin_connect(const endpoint& to) {
  simulated_socket made;
  made.local = {to.address.is_v6() ? ip_address::loopback_v6() : ip_address::loopback_v4(), free_port()};
  made.remote = to;
  const opened begun = enter(std::move(made));
  if (begun.error == 0) post(begun.entry->descriptor, kind::connect);
  return begun;
}

int simulated_network::connect_error(io_entry& entry) {
  const simulated_socket& self = of(entry);
  if (self.was_reset) return ECONNRESET;
  return self.now == stage::open ? 0 : ECONNREFUSED;
}

endpoint_result simulated_network::peer(io_entry& entry) {
  const simulated_socket& self = of(entry);
  return {self.remote, self.now == stage::open ? 0 : ENOTCONN};
}

// ---- streams ----

io_result simulated_network::receive(io_entry& entry, void* into, std::size_t most) {
  simulated_socket& self = of(entry);
  if (self.was_reset) return {0, ECONNRESET};
  if (self.arrived.empty()) return {0, self.ended ? 0 : EAGAIN};
  const std::size_t taken = std::min(most, self.arrived.size());
  std::memcpy(into, self.arrived.data(), taken);
  self.arrived.erase(0, taken);
  if (simulated_socket* const sender = find(self.peer)) announce(*sender, {false, true, false});
  return {taken, 0};
}

io_result simulated_network::send(io_entry& entry, const void* from, std::size_t size) {
  simulated_socket& self = of(entry);
  simulated_socket* const receiver = find(self.peer);
  if (receiver != nullptr && !self.was_reset && current_core()->order().fails(mishap::connection)) {
    reset(self.peer);
    reset(entry.descriptor);
  }
  if (self.was_reset) return {0, ECONNRESET};
  if (self.sends_no_more || receiver == nullptr) return {0, EPIPE};
  const std::size_t held = receiver->in_flight + receiver->arrived.size();
  if (held >= window_bytes) return {0, EAGAIN};
  const std::size_t taken = some_part_of(std::min(size, window_bytes - held));
  std::string all(static_cast<const char*>(from), taken);
  const std::size_t first = some_part_of(taken);
  if (first < taken) post(self.peer, kind::data, all.substr(0, first));
  post(self.peer, kind::data, first < taken ? all.substr(first) : std::move(all));
  return {taken, 0};
}

int simulated_network::shut_down_sending(io_entry& entry) {
  simulated_socket& self = of(entry);
  if (self.now != stage::open || self.was_reset) return ENOTCONN;
  if (!std::exchange(self.sends_no_more, true)) post(self.peer, kind::end);
  return 0;
}

int simulated_network::reset_on_close(io_entry& entry) {
  of(entry).resets_on_close = true;
  return 0;
}

void simulated_network::close(io_entry& entry) noexcept {
  const tsan_in_scheduler in_a_destructor;
  const int number = entry.descriptor;
  auto node = sockets_.extract(number);
  table_.give(entry);
  if (current_core() == nullptr) return;  // the run is over
  simulated_socket& self = node.mapped();
  for (const int waiting : self.queue) {
    const int client = sockets_.at(waiting).peer;
    sockets_.erase(waiting);
    post(client, kind::reset);
  }
  simulated_socket* const peer = find(self.peer);
  if (peer == nullptr) return;
  const bool unread = !self.arrived.empty() || self.in_flight != 0;
  if (unread || self.resets_on_close) {
    post(self.peer, kind::reset);
  } else if (!self.sends_no_more) {
    post(self.peer, kind::end);
  }
}

resolved simulated_network::resolve(const std::string& host, std::uint64_t) {
  if (host == "localhost") return {{ip_address::loopback_v6(), ip_address::loopback_v4()}, {}};
  return {{}, net_error::no_such_host};
}

opened simulated_network::watch(int, io_side) { return {nullptr, ENOSYS}; }

opened simulated_network::adopt(int descriptor) {
  close_descriptor(descriptor);
  return {nullptr, ENOSYS};
}

}  // namespace mote::detail
