#include "runtime/os/addresses_of.hpp"

#include "runtime/os/sockaddr.hpp"

#include <mote/net_error.hpp>

#include <netdb.h>

#include <cerrno>
#include <memory>

namespace mote::detail {

namespace {

std::error_code error_of(int code) {
  switch (code) {
    case EAI_SYSTEM:
      return std::error_code(errno, std::system_category());
    case EAI_MEMORY:
      return std::make_error_code(std::errc::not_enough_memory);
    case EAI_AGAIN:
      return net_error::resolver_failed;
    default:
      return net_error::no_such_host;
  }
}

}  // namespace

addresses_found addresses_of(const std::string& host) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &wanted, &list);
  if (code != 0) return {{}, error_of(code)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> hold(list, &freeaddrinfo);
  addresses_found found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    found.addresses.push_back(from_system(one->ai_addr).address);
  }
  if (found.addresses.empty()) found.error = net_error::no_such_host;
  return found;
}

}  // namespace mote::detail
