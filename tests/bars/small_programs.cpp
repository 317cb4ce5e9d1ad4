// Bar 3. Small programs under PCT of depth 3, simulated: whatever the order, each keeps its promise.
// Hit: a run in which what raced came out the rarer way; each race must go both ways.
#include "bar.hpp"

#include <mote/mote.hpp>
#include <mote/sim.hpp>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

struct word {
  int from, number;
};
struct other_word {
  int from, number;
};
struct question {
  int number;
};

void hold(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(what);
}

void wait_for_down(mote::ref which) {
  mote::receive(mote::when([which](const mote::down& news) { return news.monitor == which; }, [](const mote::down&) {}));
}

// Each returns true when it went the rarer way.

// Whether or not the first answer comes in time, it is never taken for the second's.
bool call_with_timeout() {
  const mote::pid other = mote::spawn([] {
    for (int i = 0; i < 2; ++i) {
      mote::receive([](mote::reply_to from, question asked) {
        mote::sleep_for(1us);
        mote::reply(from, asked.number);
      });
    }
  });
  const mote::ref first = mote::request(other, question{1});
  const std::optional<int> in_time = mote::receive_reply<int>(first, 4us);
  hold(!in_time || *in_time == 1, "the first answer");
  hold(mote::receive_reply<int>(mote::request(other, question{2})) == 2, "the second answer");
  return !in_time;
}

// What unlink says it has undone brings no exit any more; what it has not, has brought one.
bool link_and_unlink() {
  mote::trap_exit(true);
  const auto [other, watch] = mote::spawn_monitor([] { mote::exit(mote::reason::error("done")); });
  mote::link(other);
  const bool undone = mote::unlink(other);
  wait_for_down(watch);
  const bool told = mote::receive<mote::exited>(0ns).has_value();
  hold(undone != told, "unlink, or one exit");
  return !undone;
}

bool demonitor_and_flush() {
  const mote::pid other = mote::spawn([] {});
  const mote::ref watch = mote::monitor(other);
  mote::yield();
  const bool in_force = mote::demonitor(watch, true);
  wait_for_down(mote::monitor(other));
  hold(!mote::receive<mote::down>(0ns).has_value(), "nothing is heard of a monitor that was given up");
  return !in_force;
}

// One of two gets the name, and who hears of its end can have it.
bool one_name() {
  const auto take = [](mote::pid judge, int own) {
    try {
      mote::register_name("the one", mote::self());
      mote::send(judge, word{own, 1});
    } catch (const mote::usage_error&) {
      mote::send(judge, word{own, 0});
    }
  };
  std::vector<mote::ref> watches;
  for (int i = 0; i < 2; ++i) watches.push_back(mote::spawn_monitor(take, mote::self(), i).monitor);
  int got = 0, first = -1;
  for (int i = 0; i < 2; ++i) {
    const word one = mote::receive<word>();
    got += one.number;
    if (first < 0) first = one.from;
  }
  hold(got >= 1, "one gets the name");
  for (const mote::ref watch : watches) wait_for_down(watch);
  mote::register_name("the one", mote::self());
  mote::unregister_name("the one");
  return first == 1;
}

bool cancel_timer() {
  const mote::timer_ref timer = mote::send_after(10us, mote::self(), word{0, 1});
  mote::spawn([] { mote::yield(); });
  mote::sleep_for(2us);
  const bool cancelled = mote::cancel_timer(timer).has_value();
  mote::sleep_for(20us);
  hold(mote::receive<word>(0ns).has_value() != cancelled, "cancelled, or one message");
  return !cancelled;
}

// Of each type in the order sent, whatever else is there.
bool selective_receive() {
  for (int from = 0; from < 3; ++from) {
    mote::spawn([](mote::pid to, int own) {
      for (int number = 1; number <= 2; ++number) {
        mote::send(to, word{own, number});
        mote::send(to, other_word{own, number});
      }
    }, mote::self(), from);
  }
  int words[3] = {0, 0, 0}, others[3] = {0, 0, 0}, first = -1;
  for (int i = 0; i < 6; ++i) {
    const other_word one = mote::receive<other_word>();
    hold(one.number == ++others[one.from], "the second type in order");
    if (first < 0) first = one.from;
  }
  for (int i = 0; i < 6; ++i) {
    const word one = mote::receive<word>();
    hold(one.number == ++words[one.from], "the first type in order");
  }
  return first != 0;
}

struct program {
  const char* name;
  bool (*run)();
};
constexpr program programs[] = {
    {"call with a timeout", call_with_timeout}, {"link and unlink", link_and_unlink},
    {"demonitor with flush", demonitor_and_flush}, {"one name", one_name},
    {"cancel a timer", cancel_timer}, {"selective receive", selective_receive},
};

verdict run(const trial& now) {
  complaints wrong;
  std::uint64_t all = 0;
  for (const program& one : programs) {
    std::uint64_t hits = 0;
    mote::sim::options given{.how = mote::sim::pct(3, 40), .prints = false};
    given.trace_lines = 0;
    given.runtime.max_processes = 64;
    for (std::uint64_t seed = now.seed; seed < now.seed + now.count; ++seed) {
      given.schedulers = 1 + seed % 2;
      const mote::sim::result seen = mote::sim::run(seed, [&] { hits += one.run() ? 1 : 0; }, given);
      if (!seen) wrong.add("%s, seed %llu: %s", one.name, static_cast<unsigned long long>(seed), seen.why.c_str());
    }
    std::fprintf(stderr, "  %s: the rarer way %llu times of %llu\n", one.name, static_cast<unsigned long long>(hits),
                 static_cast<unsigned long long>(now.count));
    if (hits == 0 || hits == now.count) wrong.add("%s: always the same way", one.name);
    all += hits;
  }
  return {wrong.count(), all, std::to_string(wrong.count()) + "_wrong_of_" + std::to_string(6 * now.count)};
}

}  // namespace

extern const bar small_programs{"3", "schedules of each of six small programs", 100'000, 400, run};

}  // namespace bars
