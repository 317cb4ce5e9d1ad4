// Bar 40. A program with 10,000 processes, waiting in many ways, is dumped: by itself, in both forms, and by a crash (SIGSEGV)
// in one of its processes while others run. Each dump is through within 2 s (with --timed), and the crash's is read by mote-dump,
// which finds every process, with the calls on its stack.
// Hit: a process that a dump told of.
#include "bar.hpp"

#include <mote/mote.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

namespace bars {

namespace {

using namespace std::chrono_literals;

constexpr int others = 10'000;
constexpr std::int64_t limit_ns = 2'000'000'000;

struct never_sent {};

int* volatile nowhere = reinterpret_cast<int*>(std::uintptr_t{16});

__attribute__((noinline)) void waits_at_the_bottom(int depth) {
  if (depth > 0) waits_at_the_bottom(depth - 1);
  if (depth == 0) mote::receive<never_sent>();
  __asm__ volatile("");
}

void spawn_all() {
  std::vector<mote::pid> all;
  for (int i = 0; i < others; ++i) {
    const mote::spawn_options how{.label = "one of many"};
    if (i % 3 == 0) all.push_back(mote::spawn(how, [] { mote::sleep_for(1h); }));
    else if (i % 3 == 1) all.push_back(mote::spawn(how, waits_at_the_bottom, 5));
    else all.push_back(mote::spawn_link(how, waits_at_the_bottom, 2));
  }
  for (const mote::pid one : all) {
    while (mote::info(one)->state != mote::process_state::waiting) mote::yield();
  }
}

std::uint64_t count(const std::string& text, std::string_view what) {
  std::uint64_t found = 0;
  for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + what.size())) ++found;
  return found;
}

mote::options set_up() {
  mote::options given{.schedulers = 2, .max_processes = 1 << 15};
  given.on_crash = [](const mote::crash_report&) {};
  return given;
}

struct totals {
  complaints wrong;
  std::uint64_t hits = 0;
  std::int64_t worst_ns = 0;
};

void note_time(std::int64_t begin, const char* what, bool timed, totals& sum) {
  const std::int64_t took = clock_ns() - begin;
  sum.worst_ns = std::max(sum.worst_ns, took);
  if (timed && took > limit_ns) sum.wrong.add("%s took %s", what, milliseconds(took).c_str());
}

void dump_oneself(bool timed, totals& sum) {
  mote::run([&] {
    spawn_all();
    for (const auto how : {mote::dump_format::text, mote::dump_format::json}) {
      const std::int64_t begin = clock_ns();
      const std::string text = mote::dump(how);
      note_time(begin, "a dump", timed, sum);
      const std::uint64_t told = count(text, "one of many");
      if (told != others) sum.wrong.add("%llu of %d processes in a dump", static_cast<unsigned long long>(told), others);
      sum.hits += told;
    }
  }, set_up());
}

[[noreturn]] void crash(const std::string& file) {
  static_cast<void>(!::freopen("/dev/null", "w", stderr));
  mote::options given = set_up();
  given.crash_dump = file;
  mote::run([&] {
    spawn_all();
    mote::spawn([] {
      for (;;) mote::yield();
    });
    const std::ofstream begun(file + ".begun");
    mote::spawn([] { *nowhere = 1; });
    mote::sleep_for(1h);
  }, given);
  std::_Exit(0);
}

std::string read_by_tool(const std::string& file) {
  const char* const tool = std::getenv("DUMP_TOOL");
  const std::string command = std::string(tool != nullptr ? tool : "mote-dump") + " " + file;
  std::string text;
  if (std::FILE* const out = ::popen(command.c_str(), "r")) {
    char some[4096];
    for (std::size_t got = 0; (got = std::fread(some, 1, sizeof some, out)) != 0;) text.append(some, got);
    ::pclose(out);
  }
  return text;
}

void dump_a_crash(bool timed, totals& sum) {
  const std::string file = "/tmp/mote_bar_40_" + std::to_string(::getpid());
  const pid_t child = ::fork();
  if (child == 0) crash(file);
  int status = 0;
  while (::access((file + ".begun").c_str(), F_OK) != 0) {
    ::usleep(500);
    if (::waitpid(child, &status, WNOHANG) == 0) continue;
    return sum.wrong.add("the program that was to crash ended before");
  }
  const std::int64_t begin = clock_ns();
  ::waitpid(child, &status, 0);
  note_time(begin, "the dump of a crash", timed, sum);
  const std::string text = read_by_tool(file);
  const std::uint64_t told = count(text, "one of many"), deep = count(text, "waits_at_the_bottom");
  if (told != others) sum.wrong.add("%llu of %d processes after a crash", static_cast<unsigned long long>(told), others);
  if (deep < others) sum.wrong.add("only %llu calls are named", static_cast<unsigned long long>(deep));
  if (text.find("crashed: SIGSEGV at address 0x10 in process <") == text.npos) sum.wrong.add("the crash is not told");
  sum.hits += told;
  ::unlink(file.c_str());
  ::unlink((file + ".begun").c_str());
}

verdict run(const trial& now) {
  totals sum;
  for (std::uint64_t round = 0; round < now.count && sum.wrong.count() == 0; ++round) {
    dump_a_crash(now.timed, sum);
    dump_oneself(now.timed, sum);
  }
  return {sum.wrong.count(), sum.hits, milliseconds(sum.worst_ns)};
}

}  // namespace

extern const bar crash_dump{"40", "rounds of three dumps of 10,000 processes", 10, 1, run};

}  // namespace bars
