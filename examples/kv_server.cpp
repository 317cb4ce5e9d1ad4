// A key-value server that redis-cli and redis-benchmark can talk to: one process a connection, the keys in servers, the
// shards, under a supervisor. On SIGINT or SIGTERM it lets no client in any more, answers what has come, and ends.
//   kv_server --port 6380 &   then   redis-cli -p 6380 set greeting hello
#include "command_line.hpp"
#include "kv_commands.hpp"
#include "serving.hpp"


#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

namespace {

constexpr std::size_t portion_bytes = 4096;    // read at once
constexpr std::size_t answer_bytes = 64 << 10; // sent before the commands behind are looked at

// Runs the commands that have come. False: the client makes no sense any more.
bool run_commands(resp::parser& input, kv::words& words, kv::store& data, mote::tcp_stream& client, std::string& out) {
  for (;;) {
    switch (input.next(words)) {
      case resp::parser::outcome::need_more:
        return true;
      case resp::parser::outcome::broken:
        resp::error(out, "ERR Protocol error: " + std::string(input.error()));
        return false;
      case resp::parser::outcome::command:
        kv::execute({words, data, out});
        if (out.size() > answer_bytes) client.write(std::exchange(out, {}));
    }
  }
}

// The client hears why: a connection closed with something unread in it is reset, and what was sent last may be lost.
void part_from(mote::tcp_stream& client) {
  client.shutdown_write();
  std::array<char, portion_bytes> ignored;
  const mote::deadline until = std::chrono::seconds(1);
  while (client.read(ignored, until) != 0) {
  }
}

void talk(mote::tcp_stream& client, std::size_t shards) {
  kv::store data(shards);
  resp::parser input;
  kv::words words;
  std::string out;
  for (bool makes_sense = true; makes_sense;) {
    const std::size_t got = client.read(input.room(portion_bytes));
    input.commit(got);
    if (got == 0) return;
    carry_out([&] {
      makes_sense = run_commands(input, words, data, client, out);
      client.write(out);
    });
    out.clear();
  }
  part_from(client);
}

void serve_client(mote::tcp_stream client, std::size_t shards) {
  try {
    talk(client, shards);
  } catch (const std::system_error&) {  // the client is gone: that is part of normal work
  }
}

void serve(mote::tcp_listener listener, std::size_t shards) {
  accept_for_ever(std::move(listener), &serve_client, shards);
}

}  // namespace

int main(int argc, char** argv) {
  command_line line("A key-value server that redis-cli can talk to, until SIGINT or SIGTERM. Nothing is written to disk.");
  std::uint16_t port = 6380;
  std::size_t shards = 8;
  mote::options options;
  line.add("--port", port, "Where to listen, on all addresses; 0: the system chooses");
  line.add("--shards", shards, "Servers that share the keys").between(1, 1024);
  line.add_schedulers(options.schedulers);
  if (const auto code = line.parse(argc, argv)) return *code;
  std::optional<mote::supervisor> store;
  const auto start = [&] {
    store = kv::start_store(shards);
    return mote::spawn_link(&serve, listen_on(port), shards);
  };
  return serve_until_asked_to_end("kv_server", options, start, [&] { mote::stop(*store, mote::reason::shutdown); });
}
