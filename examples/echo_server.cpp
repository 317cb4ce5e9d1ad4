// Sends back what it is sent, over TCP: one process a connection. On SIGINT or SIGTERM it lets no client in any more, sends back
// what has come, and ends.
//   echo_server --port 7777 &   then   nc localhost 7777
#include "command_line.hpp"
#include "serving.hpp"


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
  command_line line("Sends back what it is sent, over TCP, until SIGINT or SIGTERM.");
  std::uint16_t port = 7777;
  mote::options options;
  line.add("--port", port, "Where to listen, on all addresses; 0: the system chooses");
  line.add_schedulers(options.schedulers);
  if (const auto code = line.parse(argc, argv)) return *code;
  return serve_until_asked_to_end("echo_server", options, [&] { return mote::spawn_link(&serve, listen_on(port)); }, [] {});
}
