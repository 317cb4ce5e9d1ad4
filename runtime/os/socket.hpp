// TCP sockets: every call is non-blocking and says what happened by an errno value, 0 for success. Descriptors are
// close-on-exec.
#pragma once

#include <mote/endpoint.hpp>

#include <cstddef>

namespace mote::detail {

struct socket_result {
  int descriptor = -1;
  int error = 0;
};
struct transfer_result {
  std::size_t bytes = 0;
  int error = 0;
};
struct endpoint_result {
  endpoint where;
  int error = 0;
};

/// v6_only: a listener on :: does not take IPv4. shared: several listeners may have the port (SO_REUSEPORT).
socket_result open_listener(const endpoint& at, int backlog, bool v6_only, bool shared) noexcept;
/// Without Nagle's delay, as every stream of ours begins.
socket_result accept_from(int listener) noexcept;
/// Descriptor >= 0: connecting goes on, and is over when it becomes writable.
socket_result begin_connect(const endpoint& to) noexcept;
/// How connecting went.
int connect_error(int descriptor) noexcept;

transfer_result receive_some(int descriptor, void* into, std::size_t most) noexcept;
/// Never raises SIGPIPE.
transfer_result send_some(int descriptor, const void* from, std::size_t size) noexcept;
int shut_down_sending(int descriptor) noexcept;
/// delayed: small writes wait for company (Nagle's algorithm).
int set_delayed(int descriptor, bool delayed) noexcept;
/// The close that follows resets the connection instead of ending it orderly.
int reset_on_close(int descriptor) noexcept;
endpoint_result local_endpoint(int descriptor) noexcept;
endpoint_result peer_endpoint(int descriptor) noexcept;
void close_descriptor(int descriptor) noexcept;

}  // namespace mote::detail
