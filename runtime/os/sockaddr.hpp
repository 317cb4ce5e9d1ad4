// Between our endpoints and the system's socket addresses.
#pragma once

#include <mote/endpoint.hpp>

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace mote::detail {

/// A socket address with its size.
struct socket_address {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
};

inline socket_address to_system(const endpoint& where) noexcept {
  socket_address made;
  if (where.address.is_v6()) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(where.port);
    v6.sin6_scope_id = where.address.scope();
    std::memcpy(&v6.sin6_addr, where.address.bytes().data(), 16);
    std::memcpy(&made.storage, &v6, made.size = sizeof v6);
  } else {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(where.port);
    std::memcpy(&v4.sin_addr, where.address.bytes().data(), 4);
    std::memcpy(&made.storage, &v4, made.size = sizeof v4);
  }
  return made;
}

/// Of an IPv4 or IPv6 address.
inline endpoint from_system(const sockaddr* given) noexcept {
  if (given->sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, given, sizeof v6);
    std::array<std::uint8_t, 16> bytes;
    std::memcpy(bytes.data(), &v6.sin6_addr, 16);
    return {ip_address::v6(bytes, v6.sin6_scope_id), ntohs(v6.sin6_port)};
  }
  sockaddr_in v4;
  std::memcpy(&v4, given, sizeof v4);
  std::array<std::uint8_t, 4> b;
  std::memcpy(b.data(), &v4.sin_addr, 4);
  return {ip_address::v4(b[0], b[1], b[2], b[3]), ntohs(v4.sin_port)};
}

}  // namespace mote::detail
