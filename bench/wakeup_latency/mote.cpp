// Another OS process writes the time into a pipe now and then: how long until a process that waits for it has read it.
#include "bench/figure.hpp"
#include "bench/servers.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

namespace bench {

namespace {

std::int64_t wall_clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void run(const trial& now) {
  child reader(server_command(now, "wakeup"), true);
  lehmer random(7);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds(1000 + random.next() % 2000));
    const std::int64_t stamp = wall_clock_ns();
    if (!reader.feed(&stamp, sizeof stamp)) throw std::runtime_error("the program to be woken has ended");
  }
  reader.end_feed();
  for (std::string line; reader.read_line(line);) {
    if (const auto figure = from_line(line)) now.report(figure->metric, figure->value, figure->unit);
  }
}

}  // namespace

void serve_wakeup() {
  fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
  std::vector<std::int64_t> late;
  for (;;) {
    mote::wait_readable(STDIN_FILENO);
    std::int64_t sent = 0;
    const ssize_t got = read(STDIN_FILENO, &sent, sizeof sent);
    if (got == 0) break;
    if (got == ssize_t{sizeof sent}) late.push_back(wall_clock_ns() - sent);
  }
  std::sort(late.begin(), late.end());
  for (const auto& [metric, part] : {std::pair{"p50", 0.5}, {"p99", 0.99}}) {
    std::printf("mote wakeup_latency_s%u %s %g us\n", mote::scheduler_count(), metric, percentile(late, part) / 1e3);
  }
}

extern const workload wakeup_latency{"wakeup_latency", "moments that another OS process writes into a pipe", 2000, run, false};

}  // namespace bench
