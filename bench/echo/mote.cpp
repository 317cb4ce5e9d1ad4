// A TCP echo server, a process for each connection, under load from another OS process.
#include "bench/echo_load.hpp"
#include "bench/servers.hpp"

#include <array>
#include <cstdio>

namespace bench {

namespace {

void echo(mote::tcp_stream with) {
  std::array<char, 1024> part;
  std::error_code gone;
  while (const std::size_t got = with.read(part, gone)) with.write({part.data(), got}, gone);
}

void run_with(const trial& now, unsigned connections) {
  child server(server_command(now, "echo"), false);
  std::string port;
  if (!server.read_line(port)) throw std::runtime_error("the echo server printed no port");
  const echo_figures figures = load_echo_server(static_cast<std::uint16_t>(std::stoi(port)), connections,
                                                static_cast<double>(now.count()) / 1000);
  now.report("requests_per_s", figures.requests_per_s, "1/s");
  now.report("p50", figures.p50_us, "us");
  now.report("p99", figures.p99_us, "us");
}

}  // namespace

void serve_echo() {
  mote::tcp_listener listener = mote::tcp_listener::listen({mote::ip_address::loopback_v4(), 0});
  std::printf("%u\n", static_cast<unsigned>(listener.local_endpoint().port));
  std::fflush(stdout);
  for (;;) mote::spawn(&echo, listener.accept());
}

extern const workload echo_50conn{
    "echo_50conn", "milliseconds of load on a TCP echo server, 50 connections", 2000,
    [](const trial& now) { run_with(now, 50); }, false};
extern const workload echo_1000conn{
    "echo_1000conn", "milliseconds of load on a TCP echo server, 1000 connections", 2000,
    [](const trial& now) { run_with(now, 1000); }, false};

}  // namespace bench
