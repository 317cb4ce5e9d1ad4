// A message of 64 bytes to an isolated process and its answer, beside the same bytes over a bare pair of sockets of the same
// kind between two OS processes that block on it, in turns. Worry if ours takes more than 1.5 times as long.
#include "bench/harness.hpp"

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <system_error>

namespace bench {

namespace {

using load = std::array<std::uint64_t, 8>;
struct ball {
  mote::pid from;
  std::array<std::uint64_t, 6> rest;
};
static_assert(sizeof(ball) == sizeof(load));

/// An OS process that sends back what it gets, by system calls alone.
class bare_echo {
 public:
  bare_echo() {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
      throw std::system_error(errno, std::system_category(), "socketpair");
    }
    near_ = ends[0];
    child_ = fork();
    if (child_ == 0) {
      close(ends[0]);
      for (load ball{}; recv(ends[1], &ball, sizeof ball, 0) > 0;) static_cast<void>(!send(ends[1], &ball, sizeof ball, 0));
      _exit(0);
    }
    close(ends[1]);
  }
  bare_echo(const bare_echo&) = delete;
  bare_echo& operator=(const bare_echo&) = delete;
  ~bare_echo() {
    close(near_);
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  void hit() const {
    load ball{};
    static_cast<void>(!send(near_, &ball, sizeof ball, 0));
    static_cast<void>(!recv(near_, &ball, sizeof ball, 0));
  }

 private:
  int near_ = -1;
  pid_t child_ = -1;
};

template <class Hit>
void measure(std::vector<std::int64_t>& times, std::uint64_t count, Hit hit) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::int64_t begun = clock_ns();
    hit();
    times.push_back(clock_ns() - begun);
  }
}

void run(const trial& now) {
  const bare_echo bare;
  const mote::pid wall = mote::spawn_link(mote::isolated, [] {
    for (;;) mote::receive([](ball back) { mote::send(back.from, back); });
  });
  const auto hit = [&] {
    mote::send(wall, ball{mote::self(), {}});
    mote::receive<ball>();
  };
  std::vector<std::int64_t> ours, bares;
  for (int i = 0; i < 100; ++i) hit();
  constexpr std::uint64_t turns = 20;
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    measure(bares, now.count() / turns, [&] { bare.hit(); });
    measure(ours, now.count() / turns, hit);
  }
  mote::unlink(wall);
  mote::kill(wall);
  std::sort(ours.begin(), ours.end());
  std::sort(bares.begin(), bares.end());
  now.report("p50", percentile(ours, 0.5) / 1e3, "us");
  now.report("p99", percentile(ours, 0.99) / 1e3, "us");
  now.report("bare_p50", percentile(bares, 0.5) / 1e3, "us");
  now.report("bare_p99", percentile(bares, 0.99) / 1e3, "us");
}

}  // namespace

extern const workload worker_roundtrip{"worker_roundtrip", "messages of 64 bytes to an isolated process and back", 20'000, run};

}  // namespace bench
