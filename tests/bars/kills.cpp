// Bar 21. A kill reaches a process wherever it is: waiting, asleep, in a read, an accept, in a loop that swallows every exception, below a
// noexcept function, in a destructor, in a destructor while an exception is on its way. An uncaught exception and
// std::terminate end the one process that they happen in, and nobody else.
// Hit: the process was where it should be when the kill was sent.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

constexpr std::int64_t limit_ns = 10'000'000;
constexpr std::int64_t most_ns = 10'000'000'000;  // by then it will not come
constexpr int bystanders = 100;

struct never_sent {};
struct in_place {};
struct ask {
  mote::pid from;
};
struct here {};

void wait() { mote::receive<never_sent>(); }
void sleep() { mote::sleep_for(1000h); }
void wait_noexcept() noexcept { wait(); }

[[noreturn]] void repeat(void (*call)()) {
  for (;;) call();
}

[[noreturn]] void swallow_everything(void (*call)()) {
  for (;;) {
    try {
      repeat(call);
    } catch (...) {}
  }
}

struct waits_at_end {
  ~waits_at_end() { wait(); }
};

struct sleeps_at_end {
  ~sleeps_at_end() noexcept(false) { sleep(); }
};

void wait_while_unwinding() {
  const waits_at_end last;
  throw 1;
}

mote::tcp_listener listen_here() { return mote::tcp_listener::listen({mote::ip_address::loopback_v4(), 0}); }

/// A connection on which nothing comes.
struct silent_line {
  silent_line() {
    mote::tcp_listener door = listen_here();
    near = mote::tcp_stream::connect(door.local_endpoint());
    far = door.accept();
  }
  void read() {
    char one = 0;
    near.read({&one, 1});
  }
  mote::tcp_stream near, far;
};

/// The same, as bare descriptors.
struct silent_pair {
  silent_pair() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
      throw std::system_error(errno, std::system_category(), "socketpair");
    }
  }
  silent_pair(const silent_pair&) = delete;
  silent_pair& operator=(const silent_pair&) = delete;
  ~silent_pair() {
    for (const int end : ends) close(end);
  }
  std::array<int, 2> ends{};
};

// To connect waits, too: the judge hears when that is over.
void arrive() { mote::send(mote::parent(), in_place{}); }

void read() {
  silent_line line;
  arrive();
  line.read();
}
void accept() {
  mote::tcp_listener door = listen_here();
  arrive();
  door.accept();
}
void wait_readable() {
  const silent_pair line;
  arrive();
  mote::wait_readable(line.ends[0]);
}

// One that swallows its end keeps its connection for good.
[[noreturn]] void swallow_reads() {
  silent_line line;
  arrive();
  for (;;) {
    try {
      for (;;) line.read();
    } catch (...) {}
  }
}

/// Where the kill is to find its victim.
struct trap {
  const char* text;
  bool waits;  // it is found waiting, else running or ready
  void (*enter)();
  bool arrives = false;  // says itself when it is there
};

constexpr trap traps[] = {
    {"receive", true, wait},
    {"receive with a time limit", true, [] { mote::receive<never_sent>(1000h); }},
    {"a wait for a reply", true, [] { mote::receive_reply<here>(mote::request(mote::parent(), never_sent{})); }},
    {"sleep", true, sleep},
    {"yields", false, [] { repeat(mote::yield); }},
    {"checkpoints", false, [] { repeat(mote::checkpoint); }},
    {"a catch loop around receive", true, [] { swallow_everything(wait); }},
    {"a catch loop around sleep", true, [] { swallow_everything(sleep); }},
    {"a catch loop around yield", false, [] { swallow_everything(mote::yield); }},
    {"noexcept", true, [] { wait_noexcept(); }},
    {"a destructor", true, [] { const waits_at_end last; }},
    {"a destructor that may throw", true, [] { const sleeps_at_end last; }},
    {"a destructor while unwinding", true, [] { wait_while_unwinding(); }},
    {"a read", true, read, true},
    {"an accept", true, accept, true},
    {"a catch loop around a read", true, [] { swallow_reads(); }, true},
    {"wait_readable", true, wait_readable, true},
};

/// An end by the process's own fault.
struct fault {
  const char* text;
  void (*commit)();
};

void throw_error() { throw std::runtime_error("nobody catches it"); }
void throw_noexcept() noexcept { throw_error(); }

constexpr fault faults[] = {
    {"an uncaught exception", throw_error},
    {"std::terminate", [] { std::terminate(); }},
    {"a throw out of noexcept", [] { throw_noexcept(); }},
};

void enter_trap(std::uint32_t which) {
  if (!traps[which].arrives) arrive();
  traps[which].enter();
}

void commit_fault(std::uint32_t which) { faults[which].commit(); }

void stand_by() {
  for (;;) mote::send(mote::receive<ask>().from, here{});
}

struct totals {
  complaints wrong;
  std::uint64_t hits = 0;
  std::int64_t worst_ns = 0;
  const char* worst_text = "";
};

bool is_waiting(mote::pid who) {
  const auto seen = mote::info(who);
  return seen && seen->state == mote::process_state::waiting;
}

// Until the victim is in its trap. False: it never got there.
bool await_trapped(const trap& where, mote::pid victim, random_numbers& random) {
  if (!mote::receive<in_place>(std::chrono::nanoseconds(most_ns))) return false;
  if (where.waits) {
    const std::int64_t begin = clock_ns();
    while (!is_waiting(victim) && clock_ns() - begin < most_ns) mote::yield();
  }
  if (random.below(2) == 0) mote::sleep_for(std::chrono::microseconds(random.below(200)));
  return !where.waits || is_waiting(victim);
}

void kill_in(std::uint32_t which, random_numbers& random, const trial& now, totals& sum) {
  const trap& where = traps[which];
  const auto [victim, watch] = mote::spawn_monitor({.scheduler = random.below(2)}, enter_trap, which);
  if (!await_trapped(where, victim, random)) return sum.wrong.add("%s: never got there", where.text);
  ++sum.hits;
  const std::int64_t begin = clock_ns();
  mote::kill(victim);
  const auto news = mote::receive<mote::down>(std::chrono::nanoseconds(most_ns));
  const std::int64_t took = clock_ns() - begin;
  if (took > sum.worst_ns) {
    sum.worst_ns = took;
    sum.worst_text = where.text;
  }
  if (!news) {
    sum.wrong.add("%s: not reached", where.text);
  } else if (news->why.kind() != mote::reason_kind::killed && news->why.kind() != mote::reason_kind::abandoned) {
    sum.wrong.add("%s: ended by %s", where.text, to_string(news->why).c_str());
  } else if (now.timed && took > limit_ns) {
    sum.wrong.add("%s: reached after %s", where.text, milliseconds(took).c_str());
  }
}

void fail_by(std::uint32_t which, random_numbers& random, totals& sum) {
  mote::spawn_monitor({.scheduler = random.below(2)}, commit_fault, which);
  const auto news = mote::receive<mote::down>(std::chrono::nanoseconds(most_ns));
  if (!news || news->why.kind() != mote::reason_kind::error) {
    return sum.wrong.add("%s: %s", faults[which].text, news ? to_string(news->why).c_str() : "it lives on");
  }
  ++sum.hits;
}

void check_bystanders(const std::vector<mote::pid>& all, totals& sum) {
  for (const mote::pid one : all) mote::send(one, ask{mote::self()});
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!mote::receive<here>(std::chrono::nanoseconds(most_ns))) return sum.wrong.add("a bystander does not answer");
  }
}

verdict run(const trial& now) {
  totals sum;
  mote::run(
      [&] {
        random_numbers random(now.seed);
        std::vector<mote::pid> watching;
        for (int i = 0; i < bystanders; ++i) watching.push_back(mote::spawn(stand_by));
        for (std::uint64_t round = 0; round < now.count && sum.wrong.count() == 0; ++round) {
          for (std::uint32_t i = 0; i < std::size(traps); ++i) kill_in(i, random, now, sum);
          for (std::uint32_t i = 0; i < std::size(faults); ++i) fail_by(i, random, sum);
          check_bystanders(watching, sum);
        }
      },
      {.schedulers = 2, .max_processes = 1024});
  std::fprintf(stderr, "  the slowest: %s\n", sum.worst_text);
  return {sum.wrong.count(), sum.hits, milliseconds(sum.worst_ns)};
}

}  // namespace

extern const bar kills{"21", "rounds of a kill in each of 17 places and 3 faults", 200, 10, run};

}  // namespace bars
