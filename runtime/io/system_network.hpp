// The machine's sockets.
#pragma once

#include "runtime/os/thread_pool.hpp"
#include "runtime/io/network.hpp"
#include "runtime/io/watches.hpp"

namespace mote::detail {

class system_network final : public network {
 public:
  /// Throws std::system_error that names the limit, when the system has no descriptor left.
  explicit system_network(scheduler_group& schedulers) : poll_(table_, schedulers), watches_(table_, poll_) {}
  /// Closes what is still open: what abandoned processes held.
  ~system_network() override;

  std::unique_ptr<event_source> make_source() override { return poll_.make_source(); }
  opened listen(const listen_wish& wish) override;
  opened accept(io_entry& listener) override;
  opened begin_connect(const endpoint& to) override;
  int connect_error(io_entry& entry) override { return detail::connect_error(entry.descriptor); }
  io_result receive(io_entry& entry, void* into, std::size_t most) override;
  io_result send(io_entry& entry, const void* from, std::size_t size) override;
  int shut_down_sending(io_entry& entry) override { return detail::shut_down_sending(entry.descriptor); }
  int set_delayed(io_entry& entry, bool delayed) override { return detail::set_delayed(entry.descriptor, delayed); }
  int reset_on_close(io_entry& entry) override { return detail::reset_on_close(entry.descriptor); }
  endpoint_result local(io_entry& entry) override { return local_endpoint(entry.descriptor); }
  endpoint_result peer(io_entry& entry) override { return peer_endpoint(entry.descriptor); }
  void close(io_entry& entry) noexcept override;
  resolved resolve(const std::string& host, std::uint64_t deadline_ns) override;
  opened watch(int descriptor, io_side side) override { return watches_.begin(descriptor, side); }
  void unwatch(io_entry& entry, io_side side) noexcept override { watches_.end(entry, side); }
  bool stop() noexcept override { return pool_.stop(std::chrono::seconds(1)); }
  opened adopt(int descriptor) override { return enter({descriptor, 0}, false, false); }
  int tell_of_room(io_entry& entry, bool told) override;

 private:
  static constexpr unsigned resolver_threads = 4;

  opened enter(socket_result made, bool stream, bool room_told = true);

  netpoll poll_;
  watches watches_;
  thread_pool pool_{resolver_threads, "mote/resolver"};
};

}  // namespace mote::detail
