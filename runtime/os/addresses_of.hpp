// The addresses of a host, as the C library finds them: /etc/hosts, DNS, whatever nsswitch.conf says.
#pragma once

#include <mote/endpoint.hpp>

#include <string>
#include <system_error>
#include <vector>

namespace mote::detail {

struct addresses_found {
  std::vector<ip_address> addresses;
  std::error_code error;  ///< net_error::..., or the system's
};

/// In the order in which they should be tried. Blocks, for seconds if a server does not answer; wants 12 KiB of stack.
addresses_found addresses_of(const std::string& host);

}  // namespace mote::detail
