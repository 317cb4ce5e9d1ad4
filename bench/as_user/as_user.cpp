// The benchmark's workloads as a user would write them, in one file against the installed library: every process is
// spawned with an argument and a link, every message has 64 bytes. If the figures differ from mote-bench's by more than
// noise, one of the two takes a path that the other does not.
//
// Usage: as_user SCHEDULERS COUNT WORKLOAD...   COUNT 0: the workload's own. Prints mote-bench's lines, for `as_user`.
#include <mote/mote.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace {

// 64 bytes: who, which, and what a program might have to say besides.
struct letter {
  mote::pid from;
  std::uint64_t number = 0;
  std::array<std::uint64_t, 5> text{};
};
static_assert(sizeof(letter) == 64);

struct countdown {
  std::atomic<std::uint64_t> left;
  mote::pid waiter;
};

letter message(std::uint64_t number) { return {.from = {}, .number = number}; }

/// Since when a workload is measured: what comes before is set-up.
std::chrono::steady_clock::time_point begun;

void leave(const mote::unsafe_share<countdown>& group) {
  if (group->left.fetch_sub(1) == 1) mote::send(group->waiter, message(0));
}

double spawn_exit(std::uint64_t count) {
  countdown group{{count}, mote::self()};
  for (std::uint64_t i = 0; i < count; ++i) mote::spawn_link(leave, mote::unsafe_share<countdown>(&group));
  mote::receive<letter>();
  return static_cast<double>(count);
}

double spawn_join_one(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    mote::spawn_link([](mote::pid parent) { mote::send(parent, message(1)); }, mote::self());
    mote::receive<letter>();
  }
  return static_cast<double>(count);
}

void echo() {
  for (;;) mote::receive([](const letter& got) { mote::send(got.from, message(got.number)); });
}

void ask(mote::pid other, mote::pid parent, std::uint64_t count) {
  const mote::pid me = mote::self();
  for (std::uint64_t i = 0; i < count; ++i) {
    mote::send(other, letter{.from = me, .number = i});
    mote::receive<letter>();
  }
  mote::send(parent, message(count));
}

double pingpong(std::uint64_t count) {
  mote::spawn_link(ask, mote::spawn_link(echo), mote::self(), count);
  mote::receive<letter>();
  return 2 * static_cast<double>(count);
}

void hand_on(mote::pid next, mote::pid starter) {
  for (;;) {
    const letter held = mote::receive<letter>();
    if (held.number == 0) return mote::send(starter, message(0));
    mote::send(next, message(held.number - 1));
  }
}

double ring(std::uint64_t hops, int members) {
  const mote::pid first =
      mote::spawn_link([](mote::pid starter) { hand_on(mote::receive<letter>().from, starter); }, mote::self());
  mote::pid next = first;
  for (int i = 1; i < members; ++i) next = mote::spawn_link(hand_on, next, mote::self());
  mote::send(first, letter{.from = next});
  mote::sleep_for(std::chrono::milliseconds(200));  // all of them wait
  begun = std::chrono::steady_clock::now();
  mote::send(first, message(hops));
  mote::receive<letter>();
  return static_cast<double>(hops);
}

double yield(std::uint64_t count) {
  for (int i = 0; i < 2; ++i) {
    mote::spawn_link(
        [](mote::pid parent, std::uint64_t times) {
          for (std::uint64_t n = 0; n < times; ++n) mote::yield();
          mote::send(parent, message(times));
        },
        mote::self(), count);
  }
  for (int i = 0; i < 2; ++i) mote::receive<letter>();
  return 2 * static_cast<double>(count);
}

// Everybody pings everybody, each waiting for one answer at a time, and answers meanwhile and afterwards.
enum kind : std::uint64_t { ping, pong, end };

void talk(mote::pid parent, std::uint64_t count, std::uint64_t seed) {
  const auto all = mote::receive<std::vector<mote::pid>>();
  const mote::pid me = mote::self();
  std::uint64_t sent = 0;
  const auto ping_somebody = [&] {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    mote::pid other = all[(seed >> 33) % all.size()];
    if (other == me) other = other == all.front() ? all.back() : all.front();
    mote::send(other, letter{.from = me, .number = ping});
    ++sent;
  };
  ping_somebody();
  for (;;) {
    const letter got = mote::receive<letter>();
    if (got.number == end) return;
    if (got.number == ping) {
      mote::send(got.from, message(pong));
    } else if (sent < count) {
      ping_somebody();
    } else {
      mote::send(parent, message(pong));
    }
  }
}

double big(std::uint64_t count) {
  constexpr std::uint64_t members = 120;
  std::vector<mote::pid> all;
  for (std::uint64_t i = 0; i < members; ++i) all.push_back(mote::spawn_link(talk, mote::self(), count / members, i));
  for (const mote::pid one : all) mote::send(one, all);
  for (std::uint64_t i = 0; i < members; ++i) mote::receive<letter>();
  for (const mote::pid one : all) mote::send(one, message(end));
  return 2 * static_cast<double>(members * (count / members));
}

double fanin(std::uint64_t count) {
  constexpr std::uint64_t producers = 8;
  const std::uint64_t each = count / producers;
  for (std::uint64_t i = 0; i < producers; ++i) {
    mote::spawn_link(
        [](mote::pid consumer, std::uint64_t letters) {
          for (std::uint64_t n = 0; n < letters; ++n) mote::send(consumer, message(n));
        },
        mote::self(), each);
  }
  std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < producers * each; ++i) sum += mote::receive<letter>().number;
  if (sum != producers * (each * (each - 1) / 2)) std::abort();
  return static_cast<double>(producers * each);
}

void node(mote::pid parent, std::uint64_t number, std::uint64_t leaves) {
  if (leaves == 1) return mote::send(parent, message(number));
  const std::uint64_t share = leaves / 10;
  for (std::uint64_t i = 0; i < 10; ++i) mote::spawn_link(node, mote::self(), number + i * share, share);
  std::uint64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += mote::receive<letter>().number;
  mote::send(parent, message(sum));
}

double skynet(std::uint64_t count) {
  std::uint64_t leaves = 1;
  while (leaves * 10 <= count) leaves *= 10;
  mote::spawn_link(node, mote::self(), std::uint64_t{0}, leaves);
  if (mote::receive<letter>().number != leaves * (leaves - 1) / 2) std::abort();
  return 1;
}

struct workload {
  std::string_view name;
  std::uint64_t count;
  double (*run)(std::uint64_t count);  // returns how many operations it took
  const char* metric;
  const char* unit;
};

constexpr std::array workloads{
    workload{"spawn_exit", 1'000'000, spawn_exit, "ns_per_op", "ns"},
    workload{"spawn_join_one", 1'000'000, spawn_join_one, "ns_per_op", "ns"},
    workload{"pingpong_same", 5'000'000, pingpong, "ns_per_message", "ns"},
    workload{"pingpong_cross", 5'000'000, pingpong, "ns_per_message", "ns"},
    workload{"yield", 5'000'000, yield, "ns_per_switch", "ns"},
    workload{"ring_503", 5'000'000, [](std::uint64_t hops) { return ring(hops, 503); }, "ns_per_hop", "ns"},
    workload{"ring_100k", 2'000'000, [](std::uint64_t hops) { return ring(hops, 100'000); }, "ns_per_hop", "ns"},
    workload{"fanin", 8'000'000, fanin, "messages_per_s", "1/s"},
    workload{"skynet", 1'000'000, skynet, "total", "ms"},
    workload{"big", 2'400'000, big, "messages_per_s", "1/s"},
};

void measure(const workload& chosen, std::uint64_t count) {
  begun = std::chrono::steady_clock::now();
  const double operations = chosen.run(count != 0 ? count : chosen.count);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - begun;
  const std::string_view unit = chosen.unit;
  const double value = unit == "1/s"  ? operations / spent.count()
                       : unit == "ms" ? 1e3 * spent.count()
                                      : 1e9 * spent.count() / operations;
  std::printf("as_user %s_s%u %s %.6g %s\n", std::string(chosen.name).c_str(), mote::scheduler_count(), chosen.metric,
              value, chosen.unit);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "Usage: as_user SCHEDULERS COUNT WORKLOAD...\n");
    return 2;
  }
  mote::options options;
  options.schedulers = static_cast<unsigned>(std::strtoul(argv[1], nullptr, 10));
  const std::uint64_t count = std::strtoull(argv[2], nullptr, 10);
  for (int i = 3; i < argc; ++i) {
    bool known = false;
    for (const workload& one : workloads) {
      if (one.name != argv[i]) continue;
      known = true;
      if (mote::run([&] { measure(one, count); }, options) != 0) return 1;
    }
    if (!known) {
      std::fprintf(stderr, "as_user: no workload '%s'\n", argv[i]);
      return 2;
    }
  }
}
