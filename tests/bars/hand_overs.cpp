// Bar 25. Two processes, each on a scheduler of its own, and a plain thread hand tokens to one another, now at once,
// now after a gap, so that who is sent one is awake, about to sleep, or asleep. None comes late: a wake-up that was lost
// shows as a token that lies there.
// Hit: a thread of this program that really slept meanwhile (voluntary context switches).
#include "bar.hpp"

#include <mote/mote.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace bars {

namespace {

constexpr std::int64_t limit_ns = 100'000'000;
constexpr std::int64_t lost_after_ns = 10'000'000'000;
constexpr unsigned tokens = 3;
constexpr unsigned processes = 2;
constexpr unsigned outside = processes;  // the plain thread's place

struct token {
  std::int64_t sent_ns;
};
struct retired {};

// What those in the game share. Each place's figures are written by that place alone.
struct game {
  explicit game(const trial& now) : left(static_cast<std::int64_t>(now.count)) {
    for (unsigned i = 0; i <= outside; ++i) random.emplace_back(now.seed + i);
  }

  std::atomic<std::int64_t> left;
  const mote::runtime_handle runtime = mote::this_runtime();
  const mote::pid judge = mote::self();
  mote::pid player[processes];
  std::vector<random_numbers> random;
  std::int64_t worst_ns[processes + 1] = {};
  std::uint64_t late[processes + 1] = {};

  // The plain thread's mailbox.
  std::mutex lock;
  std::condition_variable arrived;
  std::vector<token> mail;
  bool over = false;
};

void drop_in(game& all, token mail) {
  const std::lock_guard hold(all.lock);
  all.mail.push_back(mail);
  all.arrived.notify_one();
}

// Mostly some microseconds, about what a scheduler takes to fall asleep; now and then long enough for all to sleep.
std::int64_t gap_ns(random_numbers& random) {
  if (random.below(1000) == 0) return 200'000 + random.below(800'000);
  return random.below(1u << random.below(17));
}

// Takes a token at this place and hands it on to another. The sender's call is what differs.
template <class Send>
void pass_on(game& all, unsigned place, token taken, Send send) {
  const std::int64_t late = clock_ns() - taken.sent_ns;
  all.worst_ns[place] = std::max(all.worst_ns[place], late);
  all.late[place] += late > limit_ns ? 1 : 0;
  random_numbers& random = all.random[place];
  spin_for(gap_ns(random));
  const unsigned next = (place + 1 + random.below(processes)) % (processes + 1);
  if (all.left.fetch_sub(1, std::memory_order_relaxed) <= 0) {
    send(all.judge, retired{});
  } else if (next == outside) {
    drop_in(all, token{clock_ns()});
  } else {
    send(all.player[next], token{clock_ns()});
  }
}

void play(unsigned place) {
  const auto all = mote::receive<mote::unsafe_share<game>>();
  for (;;) {
    pass_on(*all, place, mote::receive<token>(), [](mote::pid to, auto mail) { mote::send(to, mail); });
  }
}

void play_outside(game& all) {
  for (;;) {
    std::unique_lock hold(all.lock);
    all.arrived.wait(hold, [&] { return all.over || !all.mail.empty(); });
    if (all.over) return;
    const token taken = all.mail.back();
    all.mail.pop_back();
    hold.unlock();
    pass_on(all, outside, taken, [&](mote::pid to, auto mail) { all.runtime.send(to, mail); });
  }
}

// Until every token is back, or none has moved for long.
bool wait_for_end(const game& all) {
  std::int64_t last = 0;
  std::int64_t moved_ns = clock_ns();
  for (unsigned back = 0; back < tokens;) {
    if (mote::receive<retired>(std::chrono::seconds(1))) {
      ++back;
      continue;
    }
    const std::int64_t now = all.left.load(std::memory_order_relaxed);
    if (now != last) moved_ns = clock_ns();
    if (clock_ns() - moved_ns > lost_after_ns) return false;
    last = now;
  }
  return true;
}

std::uint64_t times_slept() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_nvcsw);
}

bool run_game(game& all) {
  for (unsigned i = 0; i < processes; ++i) {
    all.player[i] = mote::spawn_link({.scheduler = i}, play, i);
  }
  for (const mote::pid one : all.player) mote::send(one, mote::unsafe_share<game>(&all));
  std::thread thread([&all] { play_outside(all); });
  for (unsigned i = 0; i < tokens; ++i) mote::send(all.player[i % processes], token{clock_ns()});
  const bool ended = wait_for_end(all);
  {
    const std::lock_guard hold(all.lock);
    all.over = true;
    all.arrived.notify_one();
  }
  thread.join();
  return ended;
}

verdict run(const trial& now) {
  verdict seen;
  const std::uint64_t before = times_slept();
  mote::run(
      [&] {
        game all(now);
        const bool ended = run_game(all);
        const std::int64_t worst = *std::max_element(std::begin(all.worst_ns), std::end(all.worst_ns));
        std::uint64_t late = 0;
        for (const std::uint64_t one : all.late) late += one;
        if (!ended) std::fputs("  a token was handed over and never taken\n", stderr);
        if (late != 0) std::fprintf(stderr, "  %llu were late\n", static_cast<unsigned long long>(late));
        seen.wrong = (ended ? 0u : 1u) + (now.timed ? late : 0);
        seen.figure = milliseconds(worst);
      },
      {.schedulers = processes, .max_processes = 64});
  seen.hits = times_slept() - before;
  return seen;
}

}  // namespace

extern const bar hand_overs{"25", "hand-overs", 10'000'000, 100'000, run};

}  // namespace bars
