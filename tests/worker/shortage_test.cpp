// What a shortage in the program, in an OS process of it or in their starter does to isolated processes: what can wait waits, and
// what is lost says which limit was reached.
#include "tests/few_descriptors.hpp"
#include "tests/worker/os_processes.hpp"

#include <cstdio>
#include <cstdlib>
#include <sys/resource.h>

namespace {

using namespace mote::test;
using namespace std::chrono_literals;

constexpr std::size_t large = 200'000;  // goes by a file in memory
mote::bytes large_message(std::size_t size = large) { return mote::bytes(std::string(size, 'x')); }

bool says(const mote::reason& why, std::string_view part) { return why.text().find(part) != std::string::npos; }

/// Whether this is what is said of a large message for which there is no descriptor.
void expect_lost_for_descriptors(const mote::reason& why) {
  EXPECT_EQ(why.kind(), mote::reason_kind::lost);
  EXPECT_TRUE(says(why, "a large message from an OS process") && says(why, "RLIMIT_NOFILE")) << why;
}

void tell_sizes(mote::pid to) {
  for (;;) mote::send(to, mote::receive<mote::bytes>().size());
}

TEST(shortage_of_descriptors, in_the_program_lets_a_large_message_to_an_os_process_wait) {
  on_schedulers([] {
    const mote::pid there = mote::spawn(mote::isolated, tell_sizes, mote::self());
    mote::send(there, large_message(1));
    EXPECT_EQ(mote::receive<std::size_t>(), 1u);
    bool came = true;  // looked at afterwards: sanitizers need descriptors to look at what is
    {
      const few_descriptors none(0);
      mote::send(there, large_message());
      mote::send(there, large_message(2));
      came = mote::receive<std::size_t>(30ms).has_value();
    }
    EXPECT_FALSE(came);
    EXPECT_EQ(mote::receive<std::size_t>(), large);
    EXPECT_EQ(mote::receive<std::size_t>(), 2u);
  });
}

TEST(shortage_of_descriptors, in_the_program_loses_who_sends_it_a_large_message_by_the_limits_name) {
  on_schedulers([] {
    const mote::pid bystander = mote::spawn(mote::isolated, tell_sizes, mote::self());
    const started sender = start([] {
      const auto to = mote::receive<mote::pid>();
      mote::send(to, large_message());
      wait_for_ever();
    });
    mote::reason why;
    {
      const few_descriptors none(0);
      mote::send(sender.process, mote::self());
      why = news_of(sender.monitor);
    }
    expect_lost_for_descriptors(why);
    until_gone(sender.number);
    mote::send(bystander, large_message());
    EXPECT_EQ(mote::receive<std::size_t>(), large);
  });
}

TEST(shortage_of_descriptors, in_an_os_process_lets_its_large_message_wait) {
  on_schedulers([] {
    const mote::monitored there = mote::spawn_monitor(
        mote::isolated,
        [](mote::pid to) {
          {
            const few_descriptors none(0);
            mote::send(to, large_message());
            mote::send(to, 1);
            mote::receive<int>(30ms);
          }
          wait_for_ever();
        },
        mote::self());
    EXPECT_EQ(mote::receive<mote::bytes>().size(), large);
    EXPECT_EQ(mote::receive<int>(), 1);
    EXPECT_TRUE(mote::is_alive(there.process));
  });
}

TEST(shortage_of_descriptors, in_an_os_process_loses_it_when_a_large_message_comes) {
  on_schedulers([] {
    const started there = start([] {
      const few_descriptors none(0);
      mote::send(mote::parent(), true);
      wait_for_ever();
    });
    EXPECT_TRUE(mote::receive<bool>());
    mote::send(there.process, large_message());
    expect_lost_for_descriptors(news_of(there.monitor));
  });
}

/// Pages that are shared with OS processes, as this one has them mapped.
std::size_t shared_pages() {
  std::ifstream maps("/proc/self/maps");
  std::size_t count = 0;
  for (std::string line; std::getline(maps, line);) count += line.find("memfd:mote") != std::string::npos ? 1 : 0;
  return count;
}

TEST(shortage_of_descriptors, in_the_program_is_named_when_an_os_process_cannot_be_had_and_nothing_is_left_of_it) {
  on_schedulers([] {
    const started bystander = start([] { wait_for_ever(); });
    const std::size_t descriptors = open_descriptors().size(), pages = shared_pages();
    EXPECT_EQ(pages, 1u);
    mote::reason why;
    {
      const few_descriptors none(3);
      why = news_of(mote::spawn_monitor(mote::isolated, [] {}).monitor);
    }
    EXPECT_EQ(why.kind(), mote::reason_kind::error);
    EXPECT_TRUE(says(why, "OS process") && says(why, "RLIMIT_NOFILE")) << why;
    EXPECT_EQ(open_descriptors().size(), descriptors);
    EXPECT_EQ(shared_pages(), pages);
    EXPECT_TRUE(mote::is_alive(bystander.process));
    EXPECT_EQ(news_of(mote::spawn_monitor(mote::isolated, [] {}).monitor), mote::reason::normal);
  });
}

// No event and no pause brings this to an end.
TEST(shortage_of_file_size, in_the_program_loses_who_is_sent_a_large_message_by_the_limits_name) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  on_schedulers([] {
    const started there = start([] { wait_for_ever(); });
    rlimit files{};
    ::getrlimit(RLIMIT_FSIZE, &files);
    const rlimit small{large / 2, files.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
    mote::send(there.process, large_message());
    const mote::reason why = news_of(there.monitor);
    ::setrlimit(RLIMIT_FSIZE, &files);
    EXPECT_EQ(why.kind(), mote::reason_kind::lost);
    EXPECT_TRUE(says(why, "an OS process: the limit of a file's bytes, 100000 (RLIMIT_FSIZE)")) << why;
    until_gone(there.number);
  });
  std::signal(SIGXFSZ, before);
}

#ifndef MOTE_SANITIZED  // they take addresses as they like

/// This OS process may map only so much more while this lives.
class few_addresses {
 public:
  explicit few_addresses(std::size_t spare) {
    ::getrlimit(RLIMIT_AS, &before_);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit fewer{pages * 4096 + spare, before_.rlim_max};
    ::setrlimit(RLIMIT_AS, &fewer);
  }
  ~few_addresses() { ::setrlimit(RLIMIT_AS, &before_); }
  few_addresses(const few_addresses&) = delete;
  few_addresses& operator=(const few_addresses&) = delete;

 private:
  rlimit before_{};
};

TEST(shortage_of_memory, in_the_program_loses_who_sends_it_a_large_message_by_the_limits_name) {
  on_schedulers([] {
    const started sender = start([] {
      const auto to = mote::receive<mote::pid>();
      mote::send(to, large_message(128 << 20));
      wait_for_ever();
    });
    mote::reason why;
    {
      const few_addresses limit(96 << 20);  // room for what an allocator takes at once
      mote::send(sender.process, mote::self());
      why = news_of(sender.monitor);
    }
    EXPECT_EQ(why.kind(), mote::reason_kind::lost);
    EXPECT_TRUE(says(why, "a large message from an OS process") && says(why, "RLIMIT_AS is ")) << why;
    until_gone(sender.number);
  });
}

#endif

// ---- the starter, of a program of its own each: it cannot be mended ----

constexpr int as_it_should = 5;

struct starter : ::testing::Test {
  starter() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

template <class Body>
[[noreturn]] void run_and_leave(Body body) {
  const int result = mote::run([&] { body(); }, with({2, {}}));
  std::_Exit(result == 0 ? as_it_should : 1);  // who has given its user up cannot be searched for leaks
}

/// Says a reason on stderr.
void tell(const mote::reason& why) { std::fprintf(stderr, "%s\n", to_string(why).c_str()); }

void refuse_to_fork() {
  if (::geteuid() == 0 && ::setuid(65534) != 0) std::_Exit(97);  // no limit holds root
  run_and_leave([] {
    const started one = start([] { wait_for_ever(); });
    const rlimit none{0, 0};
    if (::prlimit(parent_of(one.number), RLIMIT_NPROC, &none, nullptr) != 0) std::_Exit(98);
    tell(news_of(mote::spawn_monitor(mote::isolated, [] {}).monitor));
    if (!mote::is_alive(one.process)) std::_Exit(96);
  });
}

TEST_F(starter, that_cannot_fork_is_an_error_that_names_the_limits) {
  EXPECT_EXIT(refuse_to_fork(), ::testing::ExitedWithCode(as_it_should),
              "no OS process can be started: .*kernel.threads-max is [0-9]+.*: Resource temporarily unavailable");
}

void kill_it() {
  run_and_leave([] {
    const started one = start([] { wait_for_ever(); });
    const int starter = parent_of(one.number);
    if (command_of(starter) != "mote-starter") std::_Exit(98);
    ::kill(starter, SIGKILL);
    tell(news_of(one.monitor));
    until([&] { return is_dead(one.number); });
    tell(news_of(mote::spawn_monitor(mote::isolated, [] {}).monitor));
  });
}

TEST_F(starter, that_is_killed_takes_its_os_processes_along_and_is_missed_by_name) {
  EXPECT_EXIT(kill_it(), ::testing::ExitedWithCode(as_it_should),
              "lost: the starter of OS processes is gone.*\n.*the starter of OS processes is gone");
}

}  // namespace
