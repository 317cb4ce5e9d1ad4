#include "runtime/os/socket.hpp"

#include "runtime/os/sockaddr.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace mote::detail {

namespace {

int set(int descriptor, int level, int option, int value) noexcept {
  return setsockopt(descriptor, level, option, &value, sizeof value) == 0 ? 0 : errno;
}

socket_result open_socket(const endpoint& for_this) noexcept {
  const int family = for_this.address.is_v6() ? AF_INET6 : AF_INET;
  const int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  return {descriptor, descriptor < 0 ? errno : 0};
}

socket_result closed(int descriptor, int error) noexcept {
  ::close(descriptor);
  return {-1, error};
}

transfer_result transferred(ssize_t bytes) noexcept {
  if (bytes >= 0) return {static_cast<std::size_t>(bytes), 0};
  return {0, errno == EWOULDBLOCK ? EAGAIN : errno};
}

endpoint_result name_of(int descriptor, int (*ask)(int, sockaddr*, socklen_t*)) noexcept {
  socket_address found;
  if (ask(descriptor, found.get(), &found.size) != 0) return {{}, errno};
  return {from_system(found.get()), 0};
}

// What accept says of a connection that broke before it was accepted, and that it has dropped (accept(2)).
bool died_waiting(int error) noexcept {
  switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
    case EINTR:
      return true;
    default:
      return false;
  }
}

}  // namespace

socket_result open_listener(const endpoint& at, int backlog, bool v6_only, bool shared) noexcept {
  const socket_result made = open_socket(at);
  if (made.error != 0) return made;
  int error = set(made.descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  if (error == 0 && shared) error = set(made.descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
  if (error == 0 && at.address.is_v6()) error = set(made.descriptor, IPPROTO_IPV6, IPV6_V6ONLY, v6_only);
  if (error != 0) return closed(made.descriptor, error);
  socket_address address = to_system(at);
  if (bind(made.descriptor, address.get(), address.size) != 0) return closed(made.descriptor, errno);
  if (listen(made.descriptor, backlog) != 0) return closed(made.descriptor, errno);
  return made;
}

socket_result accept_from(int listener) noexcept {
  int descriptor = -1;
  do descriptor = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  while (descriptor < 0 && died_waiting(errno));
  if (descriptor < 0) return {-1, errno};
  static_cast<void>(set_delayed(descriptor, false));
  return {descriptor, 0};
}

socket_result begin_connect(const endpoint& to) noexcept {
  const socket_result made = open_socket(to);
  if (made.error != 0) return made;
  static_cast<void>(set_delayed(made.descriptor, false));
  socket_address address = to_system(to);
  if (connect(made.descriptor, address.get(), address.size) == 0 || errno == EINPROGRESS) return made;
  return closed(made.descriptor, errno);
}

int connect_error(int descriptor) noexcept {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

transfer_result receive_some(int descriptor, void* into, std::size_t most) noexcept {
  return transferred(recv(descriptor, into, most, 0));
}

transfer_result send_some(int descriptor, const void* from, std::size_t size) noexcept {
  return transferred(send(descriptor, from, size, MSG_NOSIGNAL));
}

int shut_down_sending(int descriptor) noexcept { return shutdown(descriptor, SHUT_WR) == 0 ? 0 : errno; }

int set_delayed(int descriptor, bool delayed) noexcept { return set(descriptor, IPPROTO_TCP, TCP_NODELAY, !delayed); }

int reset_on_close(int descriptor) noexcept {
  const linger none{1, 0};
  return setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &none, sizeof none) == 0 ? 0 : errno;
}

endpoint_result local_endpoint(int descriptor) noexcept { return name_of(descriptor, &getsockname); }

endpoint_result peer_endpoint(int descriptor) noexcept { return name_of(descriptor, &getpeername); }

void close_descriptor(int descriptor) noexcept { ::close(descriptor); }

}  // namespace mote::detail
