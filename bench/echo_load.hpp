// Closed-loop load for a TCP echo server: one thread, one epoll, and on each connection one message of 64 bytes at a time.
#pragma once

#include <cstdint>

namespace bench {

struct echo_figures {
  double requests_per_s = 0, p50_us = 0, p99_us = 0;
};

/// Connects to the port on this machine, lets everything warm up for half a second, and measures for so long. Throws
/// std::system_error when the server does not answer as it should.
echo_figures load_echo_server(std::uint16_t port, unsigned connections, double seconds);

}  // namespace bench
