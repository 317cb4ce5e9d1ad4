// Bar 31. Descriptors are closed and opened without end while events of theirs are under way: no event reaches a later owner
// of the number. Each process opens a pair of sockets that somebody writes to about when it gives up waiting, closes it, and
// opens one that nobody writes to, which mostly gets the same number: that one must not be said to be readable.
// Hit: the number was the same, and what was written had come too late for its first owner.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <system_error>

namespace bars {

namespace {

using namespace std::chrono_literals;

constexpr unsigned churners = 32;

struct churned {
  std::uint64_t wrong, hits;
};

std::array<int, 2> open_pair() {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    throw std::system_error(errno, std::system_category(), "socketpair");
  }
  return ends;
}

// At about the time when the other end is given up.
void write_and_close(int into, std::uint32_t pauses) {
  for (; pauses != 0; --pauses) mote::yield();
  static_cast<void>(!send(into, "x", 1, MSG_NOSIGNAL));
  close(into);
}

void churn(mote::pid report_to, std::uint64_t rounds, std::uint64_t seed) {
  random_numbers random(seed);
  churned seen{};
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto [written_to, writer] = open_pair();
    const mote::monitored late = mote::spawn_monitor(&write_and_close, writer, random.below(8));
    const bool came = mote::wait_readable(written_to, std::chrono::microseconds(random.below(40)));
    close(written_to);
    const auto [quiet, other] = open_pair();
    if (mote::wait_readable(quiet, std::chrono::microseconds(random.below(40)))) ++seen.wrong;
    if (!came && quiet == written_to) ++seen.hits;
    close(quiet);
    close(other);
    mote::receive(mote::when([&](const mote::down& news) { return news.monitor == late.monitor; }, [](mote::down) {}));
  }
  mote::send(report_to, seen);
}

verdict run(const trial& now) {
  verdict seen;
  mote::run(
      [&] {
        for (unsigned i = 0; i < churners; ++i) {
          mote::spawn_link(&churn, mote::self(), now.count / 2 / churners + 1, now.seed + i);
        }
        for (unsigned i = 0; i < churners; ++i) {
          const auto one = mote::receive<churned>();
          seen.wrong += one.wrong;
          seen.hits += one.hits;
        }
      },
      {.schedulers = 2, .max_processes = 1024});
  seen.figure = std::to_string(seen.wrong) + "_misled";
  return seen;
}

}  // namespace

extern const bar readiness_churn{"31", "descriptors opened and closed", 1'000'000, 20'000, run};

}  // namespace bars
