// Bar 27. Runtimes started, loaded and stopped with kills, one after another and now and then two at once, in one host: threads,
// descriptors, mappings and memory are afterwards what they were after the first ones.
// Hit: a process killed while it was at something, that ended of it.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace bars {

namespace {

using namespace std::chrono_literals;

/// What this OS process has in use.
struct in_use {
  std::uint64_t threads = 0, descriptors = 0, mappings = 0, resident_kib = 0;
};

std::uint64_t entries(const char* folder) {
  const std::filesystem::directory_iterator each(folder);
  return static_cast<std::uint64_t>(std::distance(begin(each), end(each)));
}

in_use look() {
  in_use now;
  now.threads = entries("/proc/self/task");
  now.descriptors = entries("/proc/self/fd");
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) ++now.mappings;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) std::istringstream(line.substr(6)) >> now.resident_kib;
  }
  return now;
}

// ---- what processes are at when they are killed ----

void talk() {
  for (;;) {
    mote::send(mote::self(), std::string(100, 'x'));
    mote::receive<std::string>();
    mote::checkpoint();
  }
}
void hoard() {  // more and more mail unread
  for (;;) {
    for (int i = 0; i < 10; ++i) mote::send(mote::self(), std::string(100, 'x'));
    mote::sleep_for(100us);
  }
}
void refuse_to_go() {
  mote::trap_exit(true);
  for (;;) mote::receive([](mote::any_message) {});
}
void sleep_long() {
  mote::send_after(1h, mote::self(), std::string("later"));
  mote::sleep_for(1h);
}
int deep(int levels) {
  volatile char frame[512] = {};
  if (levels == 0) mote::receive<std::vector<int>>();
  return levels == 0 ? frame[0] : deep(levels - 1) + frame[0];
}
void sit_deep() { deep(100); }
void raise_children() {
  for (;;) {
    mote::spawn_link([] { mote::receive<int>(); });
    mote::spawn_monitor([] { mote::yield(); });
    mote::sleep_for(200us);
  }
}
void serve_sockets() {
  auto listener = mote::tcp_listener::listen({mote::ip_address::loopback_v4(), 0});
  const auto there = listener.local_endpoint();
  const auto near = mote::tcp_stream::connect(there);
  const auto far = listener.accept();
  mote::sleep_for(1h);
}
void ask() {
  const mote::pid silent = mote::spawn_link([] { mote::sleep_for(1h); });
  mote::receive_reply<int>(mote::request(silent, 1));
}

constexpr void (*kinds[])() = {&talk, &hoard, &refuse_to_go, &sleep_long, &sit_deep, &raise_children, &serve_sockets, &ask};

// ---- one cycle ----

mote::options drawn(random_numbers& random) {
  mote::options given;
  given.schedulers = 1 + random.below(2);
  given.max_processes = 1u << 14;
  given.catch_terminate = random.below(2) == 0;
  given.catch_stack_overflow = random.below(2) == 0;
  given.on_crash = [](const mote::crash_report&) {};
  return given;
}

void kill_some(mote::runtime& rt, const std::vector<mote::pid>& all, random_numbers& random, complaints& wrong,
               std::uint64_t& hits) {
  rt.call([&] {
    for (std::uint32_t i = 0, count = random.below(8); i < count; ++i) {
      const mote::pid victim = all[random.below(static_cast<std::uint32_t>(all.size()))];
      const mote::ref watch = mote::monitor(victim);
      mote::kill(victim);
      const mote::reason why = mote::receive(mote::when([&](const mote::down& news) { return news.monitor == watch; },
                                                        [](mote::down news) { return news.why; }));
      hits += why == mote::reason::killed;
      if (why != mote::reason::killed && why != mote::reason::noproc) wrong.add("a kill: %s", to_string(why).c_str());
    }
  });
}

void one_cycle(random_numbers& random, complaints& wrong, std::uint64_t& hits) {
  mote::runtime rt(drawn(random));
  std::optional<mote::runtime> other;
  if (random.below(4) == 0) other.emplace(drawn(random));
  mote::outside_mailbox box(rt);
  std::vector<mote::pid> all;
  for (std::uint32_t i = 0; i < 8 + random.below(16); ++i) all.push_back(rt.spawn(kinds[random.below(std::size(kinds))]));
  const mote::pid teller = (other ? *other : rt).spawn([](mote::pid to) { mote::send(to, std::string("done")); }, box.id());
  if (!teller || box.receive<std::string>() != "done") wrong.add("a message was lost");
  kill_some(rt, all, random, wrong, hits);
  rt.send(box.id(), std::string("unread"));
  const auto left = rt.shutdown(random.below(2) == 0 ? 0ms : 1000ms);
  if (!left.empty()) wrong.add("%zu processes did not end", left.size());
}

verdict run(const trial& now) {
  constexpr bool mappings_are_ours = !MOTE_SANITIZED;  // a sanitizer makes some tens more, in no order
  constexpr std::uint64_t most_more_mappings = 16, most_more_kib = 8 * 1024;
  complaints wrong;
  std::uint64_t hits = 0;
  random_numbers random(now.seed);
  in_use first;
  const std::uint64_t warming = now.count / 4;
  for (std::uint64_t cycle = 0; cycle < now.count && wrong.count() == 0; ++cycle) {
    if (cycle == warming) first = look();
    one_cycle(random, wrong, hits);
  }
  const in_use last = look();
  std::fprintf(stderr, "  threads %llu -> %llu, descriptors %llu -> %llu, mappings %llu -> %llu, resident %llu -> %llu KiB\n",
               static_cast<unsigned long long>(first.threads), static_cast<unsigned long long>(last.threads),
               static_cast<unsigned long long>(first.descriptors), static_cast<unsigned long long>(last.descriptors),
               static_cast<unsigned long long>(first.mappings), static_cast<unsigned long long>(last.mappings),
               static_cast<unsigned long long>(first.resident_kib), static_cast<unsigned long long>(last.resident_kib));
  if (last.threads != first.threads) wrong.add("threads");
  if (last.descriptors != first.descriptors) wrong.add("descriptors");
  if (mappings_are_ours && last.mappings > first.mappings + most_more_mappings) wrong.add("mappings");
  if (now.timed && last.resident_kib > first.resident_kib + most_more_kib) wrong.add("memory");
  const auto more_kib = static_cast<std::int64_t>(last.resident_kib) - static_cast<std::int64_t>(first.resident_kib);
  return {wrong.count(), hits, std::to_string(more_kib) + "KiB"};
}

}  // namespace

extern const bar start_stop{"27", "runtimes started, loaded and stopped with kills", 2'000, 40, run};

}  // namespace bars
