// The network of a deterministic run: connections within the runtime, in memory. What is sent arrives in portions, each after
// a delay of its own, in order; all of it drawn from the seed, in virtual time. Sends take less than they are given; closing
// with something unread resets.
//
// Single-threaded: everything happens on the one scheduler, but for close, which a plain thread may call once that has ended.
#pragma once

#include "runtime/io/network.hpp"

#include <deque>
#include <map>
#include <string>

namespace mote::detail {

class simulated_network final : public network {
 public:
  std::unique_ptr<event_source> make_source() override { return std::make_unique<thread_source>(); }
  opened listen(const listen_wish& wish) override;
  opened accept(io_entry& listener) override;
  opened begin_connect(const endpoint& to) override;
  int connect_error(io_entry& entry) override;
  io_result receive(io_entry& entry, void* into, std::size_t most) override;
  io_result send(io_entry& entry, const void* from, std::size_t size) override;
  int shut_down_sending(io_entry& entry) override;
  int set_delayed(io_entry&, bool) override { return 0; }
  int reset_on_close(io_entry& entry) override;
  endpoint_result local(io_entry& entry) override { return {of(entry).local, 0}; }
  endpoint_result peer(io_entry& entry) override;
  void close(io_entry& entry) noexcept override;
  resolved resolve(const std::string& host, std::uint64_t deadline_ns) override;
  opened watch(int descriptor, io_side side) override;
  void unwatch(io_entry&, io_side) noexcept override {}
  opened adopt(int descriptor) override;
  int tell_of_room(io_entry&, bool) override { return 0; }

 private:
  static constexpr std::size_t window_bytes = 64 * 1024;  // sent and not yet received

  enum class stage { listening, connecting, refused, open };
  struct simulated_socket {
    io_entry* entry = nullptr;        // nullptr: waits in a listener's queue
    stage now = stage::connecting;
    endpoint local, remote;
    int listener = 0;                 // where it waits
    int peer = 0;                     // 0: there is none any more
    std::string arrived;
    std::size_t in_flight = 0;        // sent to this one and neither arrived nor lost
    std::uint64_t last_arrival_ns = 0;  // of what was sent to this one
    bool ended = false, was_reset = false, sends_no_more = false, resets_on_close = false;
    bool v6_only = false;
    std::deque<int> queue;            // of a listener
    std::size_t backlog = 0;
  };
  enum class kind { connect, connected, refused, data, end, reset };
  struct news {
    kind what;
    int to;
    std::string bytes;
  };

  static void arrive(timer& due) noexcept;
  void handle(news& one);
  void meet(int client);
  void reset(int who);
  void post(int to, kind what, std::string bytes = {});
  void announce(const simulated_socket& whom, io_event what);
  simulated_socket& of(io_entry& entry) { return sockets_.at(entry.descriptor); }
  simulated_socket* find(int number);
  int find_listener(const endpoint& at);
  opened enter(simulated_socket made);
  std::uint16_t free_port() noexcept;

  std::map<int, simulated_socket> sockets_;
  std::map<std::uint64_t, news> under_way_;
  int last_number_ = 0;
  std::uint64_t last_news_ = 0;
  std::uint16_t last_port_ = 40000;
};

}  // namespace mote::detail
