// Two processes send one message to and fro, and tell what a message costs.
#include "command_line.hpp"

#include <mote/mote.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>

namespace {

struct ping {
  mote::pid from;
  std::uint64_t n;
};
struct pong {
  std::uint64_t n;
};

void ponger() {
  for (;;) mote::receive([](ping ball) { mote::send(ball.from, pong{ball.n}); });
}

// False when an answer is not the one to the last question: messages between two processes keep their order.
bool play(std::uint64_t rounds) {
  const mote::pid other = mote::spawn_link(ponger);
  for (std::uint64_t n = 1; n <= rounds; ++n) {
    mote::send(other, ping{mote::self(), n});
    if (mote::receive<pong>().n != n) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  command_line line("Two processes send one message to and fro.");
  std::uint64_t rounds = 200'000;
  mote::options options;
  line.add("--rounds", rounds, "How often there and back").between(1, 1'000'000'000'000);
  line.add_schedulers(options.schedulers);
  if (const auto code = line.parse(argc, argv)) return *code;

  return mote::run(
      [rounds] {
        const auto begin = mote::now();
        const bool in_order = play(rounds);
        const std::chrono::duration<double, std::nano> spent = mote::now() - begin;
        std::printf("%llu rounds, %s, %.1f ns a message\n", static_cast<unsigned long long>(rounds),
                    in_order ? "in order" : "OUT OF ORDER", spent.count() / (2.0 * static_cast<double>(rounds)));
        return in_order ? 0 : 1;
      },
      options);
}
