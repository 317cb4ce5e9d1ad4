// A ring of processes hands a token on. Each hop takes one off the token; who holds it at zero tells its number and all end.
// As thread-ring in the Benchmarks Game: 503 processes, and 1000 hops end at number 498.
#include "command_line.hpp"

#include <mote/mote.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>

namespace {

struct next_is {
  mote::pid process;
};
struct token {
  std::uint64_t hops_left;
};
struct winner {
  std::uint64_t number;
};

void member(mote::pid referee, std::uint64_t number) {
  const mote::pid next = mote::receive<next_is>().process;
  for (;;) {
    mote::receive([&](token held) {
      if (held.hops_left == 0) return mote::send(referee, winner{number});
      mote::send(next, token{held.hops_left - 1});
    });
  }
}

// Builds the ring from its last member to its first; returns the first.
mote::pid build(std::uint64_t size) {
  const mote::pid last = mote::spawn_link(member, mote::self(), size);
  mote::pid first = last;
  for (std::uint64_t number = size - 1; number >= 1; --number) {
    const mote::pid one = mote::spawn_link(member, mote::self(), number);
    mote::send(one, next_is{first});
    first = one;
  }
  mote::send(last, next_is{first});
  return first;
}

// Where the token ends.
std::uint64_t send_round(mote::pid first, std::uint64_t hops) {
  mote::send(first, token{hops});
  return mote::receive<winner>().number;
}

}  // namespace

int main(int argc, char** argv) {
  command_line line("A ring of processes hands a token on.");
  std::uint64_t size = 503, hops = 1000;
  mote::options options;
  line.add("--processes", size, "Members of the ring").between(1, 1'000'000);
  line.add("--hops", hops, "How often the token is handed on");
  line.add_schedulers(options.schedulers);
  if (const auto code = line.parse(argc, argv)) return *code;

  return mote::run(
      [=] {
        const mote::pid first = build(size);
        send_round(first, size);  // so that everyone has run once
        const auto begin = mote::now();
        const std::uint64_t number = send_round(first, hops);
        const std::chrono::duration<double, std::nano> spent = mote::now() - begin;
        std::printf("%llu\n", static_cast<unsigned long long>(number));
        std::fprintf(stderr, "%.1f ns a hop\n", hops == 0 ? 0.0 : spent.count() / static_cast<double>(hops));
      },
      options);
}
