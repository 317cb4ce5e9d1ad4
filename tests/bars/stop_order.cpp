// Bar 12. The order in which supervisors stop their children, over random trees of them: the reverse of the order of start.
// And which end of a child brings it back, for each kind: permanent, transient, temporary by normal, shutdown, crash.
// Hit: a leaf that was stopped, or an end that a supervisor dealt with.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

struct begun {
  std::uint32_t leaf;
};
struct ended {
  std::uint32_t leaf;
};

struct leaf {
  mote::pid judge;
  std::uint32_t number = 0;
  void init(mote::pid told, std::uint32_t given) {
    judge = told;
    number = given;
    mote::send(judge, begun{number});
  }
  void terminate(const mote::reason&) { mote::send(judge, ended{number}); }
};

// Up to four children a supervisor, each a leaf or, above the third level, a supervisor.
std::vector<mote::child_spec> made_up(random_numbers& random, std::uint32_t depth, std::uint32_t& leaves) {
  std::vector<mote::child_spec> children;
  const std::uint32_t count = 1 + random.below(4);
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::string id = std::to_string(i);
    if (depth < 3 && random.below(3) == 0) {
      children.push_back(mote::supervisor_child(id, {}, made_up(random, depth + 1, leaves)));
    } else {
      children.push_back(mote::child<leaf>(id, mote::spawn_options{.trap_exit = true}, mote::self(), leaves++));
    }
  }
  return children;
}

template <class News>
std::vector<std::uint32_t> all_news() {
  std::vector<std::uint32_t> all;
  while (const auto one = mote::receive<News>(0ns)) all.push_back(one->leaf);
  return all;
}

void one_tree(random_numbers& random, complaints& wrong, std::uint64_t& hits) {
  std::uint32_t leaves = 0;
  const mote::supervisor top = mote::start_supervisor({}, made_up(random, 0, leaves));
  std::vector<std::uint32_t> order = all_news<begun>();
  if (order.size() != leaves) wrong.add("%zu of %u leaves began", order.size(), leaves);
  mote::unlink(top);
  mote::stop(top, mote::reason::shutdown);
  std::ranges::reverse(order);
  if (all_news<ended>() != order) wrong.add("%u leaves were stopped in another order", leaves);
  hits += leaves;
}

struct leave {
  int how;
};

/// Ends in one of three ways: 0 normally, 1 as asked to, 2 by a crash.
struct mortal {
  void handle_cast(leave order) {
    if (order.how == 2) throw std::runtime_error("crash");
    mote::stop(order.how == 0 ? mote::reason::normal : mote::reason::shutdown);
  }
};

// restart x way to end: whether it runs again afterwards, and whether it is known still.
void one_end(mote::restart when, int how, complaints& wrong) {
  mote::child_spec spec = mote::child<mortal>("one");
  spec.restart = when;
  const mote::supervisor top = mote::start_supervisor({}, {spec});
  mote::unlink(top);
  const mote::server<mortal> first(mote::which_children(top)[0].process);
  const mote::ref watch = mote::monitor(first);
  mote::cast(first, leave{how});
  mote::receive(mote::when([watch](const mote::down& news) { return news.monitor == watch; }, [](const mote::down&) {}));
  const bool again = when == mote::restart::permanent || (when == mote::restart::transient && how == 2);
  const auto now = mote::which_children(top);
  const bool runs = !now.empty() && mote::is_alive(now[0].process) && now[0].process != first.id();
  const bool known = !now.empty();
  if (runs != again) wrong.add("restart %d, end %d: runs %d", static_cast<int>(when), how, runs);
  if (known != (when != mote::restart::temporary)) wrong.add("restart %d, end %d: known %d", static_cast<int>(when), how, known);
  mote::stop(top, mote::reason::shutdown);
}

void run_once(const mote::options& options, std::uint64_t trees, random_numbers& random, complaints& wrong, std::uint64_t& hits) {
  const int code = mote::run(
      [&] {
        for (std::uint64_t i = 0; i < trees; ++i) one_tree(random, wrong, hits);
        for (const auto when : {mote::restart::permanent, mote::restart::transient, mote::restart::temporary}) {
          for (int how = 0; how < 3; ++how, ++hits) one_end(when, how, wrong);
        }
      },
      options);
  if (code != 0) wrong.add("a run failed");
}

verdict run(const trial& now) {
  complaints wrong;
  std::uint64_t hits = 0;
  random_numbers random(now.seed);
  const auto quiet = [](const mote::crash_report&) {};
  const std::uint64_t third = now.count / 3 + 1;
  run_once({.schedulers = 1, .max_processes = 1 << 12, .on_crash = quiet}, third, random, wrong, hits);
  run_once({.schedulers = 2, .max_processes = 1 << 12, .on_crash = quiet}, third, random, wrong, hits);
  run_once({.max_processes = 1 << 12, .deterministic_seed = now.seed, .on_crash = quiet}, third, random, wrong, hits);
  return {wrong.count(), hits, std::to_string(3 * third) + "_trees_9_of_9"};
}

}  // namespace

extern const bar stop_order{"12", "random trees of supervisors", 1'000, 60, run};

}  // namespace bars
