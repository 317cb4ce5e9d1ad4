// Bar 19. A process overflows its stack by recursion: plain, with malloc, with snprintf, with objects and a lock in its frames, and
// with calls of the runtime; beside a thousand bystanders, on two schedulers, two at a time. Only that one ends, with the reason
// stack_overflow; nobody hangs, and the memory is back to the start.
// Hit: it ended by its overflow.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <unistd.h>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace bars {

namespace {

constexpr std::int64_t most_ns = 20'000'000'000;  // by then it will not come
constexpr int bystanders = 1000;
constexpr std::uint32_t at_once = 2;
constexpr std::int64_t may_grow_kib = 8 * 1024;  // resident, after the first rounds: fragments, and what the C library keeps

struct ask {
  mote::pid from;
};
struct here {};

std::atomic<int> objects{0};
std::mutex common;

struct counted {
  counted() { ++objects; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  ~counted() { --objects; }
};

// ---- what each level does ----

void nothing(char*) {}
void allocate(char*) {
  void* volatile block = std::malloc(200);
  std::free(block);
}
void format(char* text) {
  std::snprintf(text, 256, "%d %s %f", 7, "seven", 7.25);
  std::snprintf(text, 256, "%d", text[0]);
}
void hold(char*) {
  const std::unique_ptr<counted> kept = std::make_unique<counted>();
  const std::lock_guard lock(common);
  mote::checkpoint();
}
void call(char*) { mote::send(mote::self(), 1); }

template <void (*Step)(char*)>
__attribute__((noinline)) int dig(int levels) {  // NOLINT(misc-no-recursion)
  char frame[256];
  frame[0] = static_cast<char>(levels);
  Step(frame);
  __asm__ volatile("" : : "r"(frame) : "memory");
  return levels == 0 ? 0 : dig<Step>(levels - 1) + frame[0];
}

template <void (*Step)(char*)>
__attribute__((noinline)) int dig_with_objects(int levels) {  // NOLINT(misc-no-recursion)
  const counted first;
  char frame[256];
  Step(frame);
  const std::unique_ptr<counted> second = std::make_unique<counted>();
  __asm__ volatile("" : : "r"(frame) : "memory");
  return levels == 0 ? 0 : dig_with_objects<Step>(levels - 1) + frame[0];
}

constexpr int endless = 1 << 24;

struct way {
  const char* text;
  void (*dig)();
};

constexpr way ways[] = {
    {"plain", [] { dig<nothing>(endless); }},
    {"with malloc", [] { dig<allocate>(endless); }},
    {"with snprintf", [] { dig<format>(endless); }},
    {"with objects and snprintf", [] { dig_with_objects<format>(endless); }},
    {"with a lock and a call of the runtime", [] { dig<hold>(endless); }},
    {"with sends", [] { dig<call>(endless); }},
};

void overflow(std::uint32_t which) { ways[which].dig(); }

void stand_by() {
  for (;;) mote::send(mote::receive<ask>().from, here{});
}

// ---- the judge ----

struct totals {
  complaints wrong;
  std::uint64_t hits = 0;
  std::atomic<std::uint64_t> reports{0};
  std::int64_t grown_kib = 0;
};

std::int64_t resident_kib() {
  std::ifstream file("/proc/self/statm");
  std::int64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

// Some on both schedulers, on their way down at the same time.
void overflow_together(random_numbers& random, totals& sum) {
  std::vector<std::uint32_t> chosen;
  for (std::uint32_t i = 0; i < at_once; ++i) {
    chosen.push_back(random.below(std::size(ways)));
    mote::spawn_monitor({.label = ways[chosen.back()].text, .scheduler = i % 2}, overflow, chosen.back());
  }
  for (std::uint32_t i = 0; i < at_once; ++i) {
    const auto news = mote::receive<mote::down>(std::chrono::nanoseconds(most_ns));
    if (!news) return sum.wrong.add("%s, %s: no end of it", ways[chosen[0]].text, ways[chosen[1]].text);
    if (news->why.kind() != mote::reason_kind::stack_overflow) {
      return sum.wrong.add("%s, %s: ended by %s", ways[chosen[0]].text, ways[chosen[1]].text, to_string(news->why).c_str());
    }
    ++sum.hits;
  }
  if (objects != 0) sum.wrong.add("%d objects are left", objects.load());
  if (!common.try_lock()) return sum.wrong.add("the lock is held by one that has ended");
  common.unlock();
}

void check_bystanders(const std::vector<mote::pid>& all, totals& sum) {
  for (const mote::pid one : all) mote::send(one, ask{mote::self()});
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!mote::receive<here>(std::chrono::nanoseconds(most_ns))) return sum.wrong.add("a bystander does not answer");
  }
}

void overflow_all(const trial& now, totals& sum) {
  random_numbers random(now.seed);
  std::vector<mote::pid> watching;
  for (int i = 0; i < bystanders; ++i) watching.push_back(mote::spawn(stand_by));
  std::int64_t before = 0;
  for (std::uint64_t done = 0; done < now.count && sum.wrong.count() == 0; done += at_once) {
    if (done == 2 * at_once * std::size(ways)) before = resident_kib();  // what is made once has been made
    overflow_together(random, sum);
    if (done % 50 == 0) check_bystanders(watching, sum);
  }
  check_bystanders(watching, sum);
  sum.grown_kib = before != 0 ? resident_kib() - before : 0;
}

verdict run(const trial& now) {
  totals sum;
  mote::options given{.schedulers = 2, .max_processes = 4096};
  given.on_crash = [&sum](const mote::crash_report&) { ++sum.reports; };
  if (mote::run([&] { overflow_all(now, sum); }, given) != 0) sum.wrong.add("the judge died");
  if (sum.grown_kib > may_grow_kib) sum.wrong.add("%lld KiB more are resident", static_cast<long long>(sum.grown_kib));
  if (sum.reports != sum.hits) sum.wrong.add("%llu reports", static_cast<unsigned long long>(sum.reports.load()));
  return {sum.wrong.count(), sum.hits, std::to_string(sum.grown_kib) + "_KiB_more"};
}

}  // namespace

extern const bar overflows{"19", "processes that overflow their stacks, in 6 ways", 10'000, 60, run};

}  // namespace bars
