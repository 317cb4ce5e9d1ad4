// What sockets are made of: the seam between what <mote/net.hpp> promises and the world. The machine's sockets stand behind
// it (system_network.cpp), or in deterministic mode simulated ones (simulated_network.cpp); the same tests run on both.
//
// Nothing here waits, but resolve. What finds nothing answers EAGAIN, and the entry's readiness tells when to try again.
#pragma once

#include "runtime/io/io_table.hpp"
#include "runtime/io/wait.hpp"
#include "runtime/os/socket.hpp"
#include "scheduler/event_source.hpp"

#include <mote/endpoint.hpp>

#include <memory>
#include <string>
#include <system_error>
#include <vector>

namespace mote::detail {

/// An entry that its receiver owns, or an errno value.
struct opened {
  io_entry* entry = nullptr;
  int error = 0;
};

struct listen_wish {
  endpoint at;
  int backlog;
  bool v6_only, shared;
};

struct resolved {
  std::vector<ip_address> addresses;
  std::error_code error;
};

class network;
/// The machine's. Throws std::system_error that names the limit, when the system has no descriptor left.
std::unique_ptr<network> make_system_network(scheduler_group& schedulers);
/// One in memory, for a deterministic run.
std::unique_ptr<network> make_simulated_network();

/// Called from processes, inside the runtime, by the entry's owner; close by any thread.
class network {
 public:
  network() : table_(*this) {}
  network(const network&) = delete;
  network& operator=(const network&) = delete;
  virtual ~network() = default;

  /// Where a scheduler waits, one for each.
  virtual std::unique_ptr<event_source> make_source() = 0;

  virtual opened listen(const listen_wish& wish) = 0;
  virtual opened accept(io_entry& listener) = 0;
  /// The entry becomes writable when connecting is over; connect_error then says how it went.
  virtual opened begin_connect(const endpoint& to) = 0;
  virtual int connect_error(io_entry& entry) = 0;
  virtual io_result receive(io_entry& entry, void* into, std::size_t most) = 0;
  virtual io_result send(io_entry& entry, const void* from, std::size_t size) = 0;
  virtual int shut_down_sending(io_entry& entry) = 0;
  virtual int set_delayed(io_entry& entry, bool delayed) = 0;
  virtual int reset_on_close(io_entry& entry) = 0;
  virtual endpoint_result local(io_entry& entry) = 0;
  virtual endpoint_result peer(io_entry& entry) = 0;
  virtual void close(io_entry& entry) noexcept = 0;

  /// The addresses of a host. Waits, off the schedulers; may end the process.
  virtual resolved resolve(const std::string& host, std::uint64_t deadline_ns) = 0;

  /// For a descriptor that the program keeps: it is watched until unwatch. EBUSY: on this side it is watched already.
  /// EPERM: it is always ready.
  virtual opened watch(int descriptor, io_side side) = 0;
  virtual void unwatch(io_entry& entry, io_side side) noexcept = 0;
  /// For a descriptor, non-blocking, that is the entry's from here on, also when this fails. When it can be written is told
  /// only on demand: each packet that a local socket's peer takes makes room, and would wake its sender.
  virtual opened adopt(int descriptor) = 0;
  /// Whether it is told, for one that was adopted; if so, at once if it can be. 0 or an errno value.
  virtual int tell_of_room(io_entry& entry, bool told) = 0;

  /// Plain thread, after the schedulers have ended: waits, a second at most, for what still runs on threads of its own. False:
  /// something runs on, and needs this and the runtime.
  virtual bool stop() noexcept { return true; }

 protected:
  io_table table_;
};

}  // namespace mote::detail
