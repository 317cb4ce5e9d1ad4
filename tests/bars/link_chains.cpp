// Bar 8. Chains of linked processes, of lengths at and around what links are kept in, made in two ways: each spawns the
// next one linked, or all are there and link in any order. The root is killed: every one dies of it, and soon.
// Hit: a death that came by a link.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <algorithm>
#include <vector>

namespace bars {

namespace {

constexpr std::size_t lengths[] = {1, 2, 9, 10, 10'000};
constexpr std::int64_t limit_ns = 1'000'000'000;

struct never_sent {};
struct member {
  std::uint64_t place;
  mote::pid who;
};
struct join {
  mote::pid next;
};

void spawn_the_rest(mote::pid judge, std::uint64_t place, std::uint64_t length) {
  if (place + 1 < length) mote::spawn_link(spawn_the_rest, judge, place + 1, length);
  mote::send(judge, member{place, mote::self()});
  mote::receive<never_sent>();
}

void wait_and_link(mote::pid judge, std::uint64_t place) {
  mote::link(mote::receive<join>().next);
  mote::send(judge, member{place, mote::self()});
  mote::receive<never_sent>();
}

std::vector<mote::pid> hear_of(std::size_t count) {
  std::vector<mote::pid> all(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto one = mote::receive<member>();
    all[one.place] = one.who;
  }
  return all;
}

std::vector<mote::pid> spawned_chain(std::size_t length) {
  mote::spawn(spawn_the_rest, mote::self(), std::uint64_t{0}, std::uint64_t{length});
  return hear_of(length);
}

std::vector<mote::pid> linked_chain(std::size_t length, random_numbers& random) {
  std::vector<mote::pid> all(length);
  std::vector<std::size_t> order(length);
  for (std::size_t i = 0; i < length; ++i) {
    order[i] = i;
    all[i] = mote::spawn({.scheduler = random.below(2)}, wait_and_link, mote::self(), std::uint64_t{i});
  }
  for (std::size_t i = length; i > 1; --i) std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  for (const std::size_t i : order) mote::send(all[i], join{all[std::min(i + 1, length - 1)]});  // the last: to itself
  return hear_of(length);
}

// Kills the root, and returns how long it took the last one to be dead; -1 when one survived.
std::int64_t kill_root(const std::vector<mote::pid>& chain, complaints& wrong) {
  for (const mote::pid one : chain) mote::monitor(one);
  const std::int64_t begin = clock_ns();
  mote::kill(chain.front());
  for (std::size_t dead = 0; dead < chain.size(); ++dead) {
    const auto news = mote::receive<mote::down>(std::chrono::seconds(10));
    if (!news) {
      wrong.add("%zu of %zu survived", chain.size() - dead, chain.size());
      return -1;
    }
    if (news->why != mote::reason::killed)
      wrong.add("one of %zu ended by %s", chain.size(), to_string(news->why).c_str());
  }
  const std::int64_t took = clock_ns() - begin;
  for (const mote::pid one : chain) {
    if (mote::is_alive(one)) wrong.add("one of %zu is alive after its end", chain.size());
  }
  return took;
}

struct totals {
  complaints wrong;
  std::uint64_t hits = 0;
  std::int64_t worst_ns = 0;
};

void one_chain(const std::vector<mote::pid>& chain, const trial& now, totals& sum) {
  const std::int64_t took = kill_root(chain, sum.wrong);
  if (took < 0) return;
  sum.hits += chain.size() - 1;
  sum.worst_ns = std::max(sum.worst_ns, took);
  if (now.timed && took > limit_ns) sum.wrong.add("a chain of %zu took %s", chain.size(), milliseconds(took).c_str());
}

verdict run(const trial& now) {
  totals sum;
  for (const unsigned schedulers : {1u, 2u}) {
    random_numbers random(now.seed);
    mote::run(
        [&] {
          for (std::uint64_t round = 0; round < now.count; ++round) {
            for (const std::size_t length : lengths) {
              if (sum.wrong.count() != 0) return;
              one_chain(spawned_chain(length), now, sum);
              if (schedulers == 2) one_chain(linked_chain(length, random), now, sum);
            }
          }
        },
        {.schedulers = schedulers, .max_processes = 1 << 15});
  }
  return {sum.wrong.count(), sum.hits, milliseconds(sum.worst_ns)};
}

}  // namespace

extern const bar link_chains{"8", "rounds of chains of 1, 2, 9, 10 and 10,000", 20, 2, run};

}  // namespace bars
