// Bar 23. A crowd of processes, each parked on a stack of its own with a guard below, takes under 1,000 mappings, of
// which the kernel allows 65,530. All of them wake and answer.
// Hit: a process found waiting when the mappings were counted.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <utility>
#include <vector>

namespace bars {

namespace {

constexpr std::size_t most_mappings = 1000;
constexpr std::size_t batch = 1000;
constexpr int survived = 3;

struct question {
  mote::pid from;
};
struct answer {
  std::uint64_t place;
};

void answer_one(std::uint64_t place) {
  const mote::pid from = mote::receive<question>().from;
  mote::send(from, answer{place});
}

std::size_t count_mappings() {
  std::ifstream maps("/proc/self/maps");
  std::size_t lines = 0;
  for (std::string line; std::getline(maps, line);) ++lines;
  return lines;
}

std::uint64_t count_waiting(const std::vector<mote::pid>& all) {
  std::uint64_t waiting = 0;
  for (const mote::pid one : all) {
    const auto seen = mote::info(one);
    waiting += seen && seen->state == mote::process_state::waiting ? 1 : 0;
  }
  return waiting;
}

// Until all are parked, or no more of them within a second.
std::uint64_t await_waiting(const std::vector<mote::pid>& all) {
  std::uint64_t before = 0;
  std::uint64_t waiting = count_waiting(all);
  for (int rounds = 0; waiting < all.size() && rounds < 20; ++rounds) {
    mote::sleep_for(std::chrono::milliseconds(50));
    before = std::exchange(waiting, count_waiting(all));
    if (waiting != before) rounds = 0;
  }
  return waiting;
}

// Asks everyone, some at a time, and counts those who answered once.
std::uint64_t ask_all(const std::vector<mote::pid>& all) {
  std::vector<bool> answered(all.size());
  std::uint64_t right = 0;
  for (std::size_t begin = 0; begin < all.size(); begin += batch) {
    const std::size_t end = std::min(begin + batch, all.size());
    for (std::size_t i = begin; i < end; ++i) mote::send(all[i], question{mote::self()});
    for (std::size_t i = begin; i < end; ++i) {
      const auto one = mote::receive<answer>(std::chrono::seconds(20));
      if (!one) return right;
      right += answered[one->place] ? 0 : 1;
      answered[one->place] = true;
    }
  }
  return right;
}

// A frame of 1 KiB for each. It uses its caller's again afterwards, so that the compiler cannot make a loop of it.
[[gnu::noinline]] int dig(int frames, volatile char* above) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(frames);
  const int below = frames == 0 ? 0 : dig(frames - 1, frame);
  return below + frame[0] + *above;
}

// Grows over its own stack, through a neighbour's and further, unless it is stopped.
void dig_too_deep() {
  volatile char top = 0;
  static_cast<void>(dig(2048, &top));
}

// A guard stops a process that outgrows its stack: the program ends by a signal, or the process as stack_overflow.
bool guard_stops_overflow() {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const int quiet = dup(2);
    if (std::freopen("/dev/null", "w", stderr) == nullptr || quiet < 0) _exit(0);
    const int code = mote::run(
        []() -> int {
          for (int i = 0; i < 64; ++i) mote::spawn(answer_one, std::uint64_t{0});
          mote::yield();
          mote::spawn_monitor(dig_too_deep);
          return mote::receive<mote::down>().why.kind() == mote::reason_kind::normal ? survived : 0;
        },
        {.schedulers = 1, .max_processes = 1024});
    _exit(code);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return !WIFEXITED(status) || WEXITSTATUS(status) != survived;
}

// They are there from Linux 6.13 on. Before, the bar holds for what the fallback can do, and says so.
bool guards_need_no_mappings() {
  const bool marks = mote::environment().find("markers inside one mapping") != std::string::npos;
  if (!marks) std::fputs("  this kernel has no guards inside a mapping: held is what the fallback can do\n", stderr);
  return marks;
}

verdict run(const trial& now) {
  complaints wrong;
  verdict seen;
  std::atomic<std::uint64_t> crashes{0};
  if (!guard_stops_overflow()) wrong.add("a process grew over its neighbour's stack, and nothing stopped it");
  mote::run(
      [&] {
        std::vector<mote::pid> all(now.count);
        for (std::uint64_t i = 0; i < now.count; ++i) all[i] = mote::spawn(answer_one, i);
        seen.hits = await_waiting(all);
        if (seen.hits != now.count) wrong.add("%llu parked", static_cast<unsigned long long>(seen.hits));
        const std::size_t mappings = count_mappings();
        seen.figure = std::to_string(mappings) + "_mappings";
        if (mappings >= most_mappings && guards_need_no_mappings()) wrong.add("%zu mappings", mappings);
        const std::uint64_t answers = ask_all(all);
        if (answers != now.count) wrong.add("%llu answered", static_cast<unsigned long long>(answers));
      },
      {.max_processes = static_cast<std::size_t>(now.count) + 1024, .on_crash = [&](const auto&) { ++crashes; }});
  if (crashes != 0) wrong.add("%llu had to end", static_cast<unsigned long long>(crashes.load()));
  seen.wrong = wrong.count();
  return seen;
}

}  // namespace

extern const bar parked_million{"23", "processes parked at once", 1'000'000, 100'000, run};

}  // namespace bars
