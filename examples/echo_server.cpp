// Sends back what it is sent, over TCP: one process a connection. On SIGINT or SIGTERM it lets no client in any more, sends back
// what has come, and ends.
//   echo_server --port 7777 &   then   nc localhost 7777
#include "serving.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstdint>

namespace {

void echo(mote::tcp_stream with) {
  std::array<char, 4096> part;
  std::error_code gone;  // a peer that disappears is part of normal work
  while (const std::size_t got = with.read(part, gone)) {
    carry_out([&] { with.write({part.data(), got}, gone); });
  }
}

void serve(mote::tcp_listener listener) { accept_for_ever(std::move(listener), &echo); }

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Sends back what it is sent, over TCP, until SIGINT or SIGTERM.");
  std::uint16_t port = 7777;
  mote::options options;
  app.add_option("--port", port, "Where to listen, on all addresses; 0: the system chooses")->capture_default_str();
  app.add_option("--schedulers", options.schedulers, "Scheduler threads; 0: one a core")->check(CLI::Range(0, 1024));
  CLI11_PARSE(app, argc, argv);
  return serve_until_asked_to_end("echo_server", options, [&] { return mote::spawn_link(&serve, listen_on(port)); }, [] {});
}
