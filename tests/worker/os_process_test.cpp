// What becomes of the OS processes behind isolated processes: how each end is told, that nothing is left running, open or
// unreaped, and that one's end touches nobody else.
#include "tests/worker/os_processes.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

namespace {

using namespace mote::test;
using namespace std::chrono_literals;

TEST(os_process, every_way_to_end_is_a_reason) {
  on_schedulers([] {
    const mote::reason exits = news_of(start([] { ::_exit(3); }).monitor);
    EXPECT_EQ(exits.kind(), mote::reason_kind::exit_code);
    EXPECT_EQ(exits.code(), 3);
    const mote::reason aborts = news_of(start([] {
      const rlimit none{0, 0};
      ::setrlimit(RLIMIT_CORE, &none);
      std::signal(SIGABRT, SIG_DFL);
      std::abort();
    }).monitor);
    EXPECT_EQ(aborts.kind(), mote::reason_kind::signal);
    EXPECT_EQ(aborts.code(), SIGABRT);
    EXPECT_EQ(aborts.text(), "SIGABRT");
    const started victim = start([] { wait_for_ever(); });
    ::kill(victim.number, SIGKILL);
    EXPECT_EQ(news_of(victim.monitor), mote::reason(mote::reason_kind::signal, "SIGKILL", SIGKILL));
  });
}

TEST(os_process, one_that_is_stopped_is_unresponsive_and_killed) {
  on_schedulers([] {
    mote::isolation impatient;
    impatient.silence = 200ms;
    const started stopped = start([] { wait_for_ever(); }, impatient);
    ::kill(stopped.number, SIGSTOP);
    EXPECT_EQ(news_of(stopped.monitor).kind(), mote::reason_kind::unresponsive);
    until_gone(stopped.number);
  });
}

TEST(os_process, one_that_computes_without_end_is_not_unresponsive) {
  on_schedulers([] {
    mote::isolation impatient;
    impatient.silence = 100ms;
    const started busy = start([] {
      for (volatile bool on = true; on;) {
      }
    }, impatient);
    mote::sleep_for(400ms);
    EXPECT_TRUE(mote::is_alive(busy.process));
    mote::kill(busy.process);
    EXPECT_EQ(news_of(busy.monitor), mote::reason::killed);
    until_gone(busy.number);
  });
}

#ifndef MOTE_SANITIZED  // they need more addresses than any limit leaves
TEST(os_process, memory_beyond_its_limit_is_refused_to_it_alone) {
  on_schedulers([] {
    mote::isolation small;
    small.max_memory = std::size_t{6} << 30;
    const mote::reason why = news_of(mote::spawn_monitor(small, [] {
      std::vector<char> much(std::size_t{7} << 30);
      mote::exit(mote::reason::error(std::to_string(much.size())));
    }).monitor);
    EXPECT_EQ(why.type(), "std::bad_alloc") << why;
  });
}
#endif

struct tree {
  int child, escapee;
};

TEST(os_process, all_that_it_started_ends_with_it_even_what_left_its_session) {
  on_schedulers([] {
    const mote::monitored made = mote::spawn_monitor(mote::isolated, [](mote::pid to) {
      int numbers[2];
      ASSERT_EQ(::pipe(numbers), 0);
      const int child = ::fork();
      if (child == 0) {
        for (;;) ::pause();
      }
      if (::fork() == 0) {  // twice, and a session of its own: an orphan that no process group reaches
        ::setsid();
        const int escapee = ::fork();
        if (escapee == 0) {
          ::setsid();
          for (;;) ::pause();
        }
        static_cast<void>(!::write(numbers[1], &escapee, sizeof(escapee)));
        ::_exit(0);
      }
      int escapee = 0;
      static_cast<void>(!::read(numbers[0], &escapee, sizeof(escapee)));
      mote::send(to, tree{child, escapee});
      wait_for_ever();
    }, mote::self());
    const tree all = mote::receive<tree>();
    EXPECT_NE(state_of(all.child), '\0');
    EXPECT_NE(state_of(all.escapee), '\0');
    mote::kill(made.process);
    news_of(made.monitor);
    until_gone(all.child);
    until_gone(all.escapee);
  });
}

TEST(os_process, nothing_of_it_is_a_child_of_the_program) {
  on_schedulers([] {
    const started one = start([] { wait_for_ever(); });
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG | __WALL), -1);
    EXPECT_EQ(errno, ECHILD);
    mote::kill(one.process);
    news_of(one.monitor);
    until_gone(one.number);
  });
}

TEST(os_process, begins_with_clean_descriptors_and_signals) {
  int leak[2];
  ASSERT_EQ(::pipe(leak), 0);  // inheritable
  std::signal(SIGUSR1, SIG_IGN);
  on_schedulers([] {
    mote::spawn(mote::isolated, [](mote::pid to) {
      mote::send(to, open_descriptors());
      struct sigaction seen {};
      ::sigaction(SIGUSR1, nullptr, &seen);
      mote::send(to, seen.sa_handler == SIG_DFL);
    }, mote::self());
    for (const std::string& each : mote::receive<std::vector<std::string>>()) {
      EXPECT_EQ(each.find("pipe:") != std::string::npos && each[0] > '2', false) << each;
    }
    EXPECT_TRUE(mote::receive<bool>());
  });
  std::signal(SIGUSR1, SIG_DFL);
  ::close(leak[0]);
  ::close(leak[1]);
}

/// Told by one when it has begun.
struct first_word {};

// At whatever point of its life one is killed, from its fork on, nobody waits for ever, the others go on, and each task is
// answered or told as lost. Of a supervised pool: tests/bars, 33.
TEST(os_process, killed_at_any_point_it_is_lost_alone) {
  int at_its_start = 0, before_work = 0, at_work = 0, after_work = 0;
  mote::run([&] {
    const started bystander = start([] {
      for (;;) mote::receive([](mote::reply_to from, int number) { mote::reply(from, number + 1); });
    });
    const int starter = parent_of(bystander.number);
    std::uint64_t random = 33;
    for (int i = 0; i < 100; ++i) {
      random = random * 6364136223846793005u + 1442695040888963407u;
      const mote::monitored one = mote::spawn_monitor(mote::isolated, [](mote::pid to) {
        mote::send(to, first_word{});
        for (;;) mote::receive([](mote::reply_to from, int number) {
          for (int spin = 0; spin < 1000; ++spin) static_cast<void>(mote::now());
          mote::reply(from, number + 1);
        });
      }, mote::self());
      std::vector<mote::ref> asked;
      for (int task = 0; task < i / 2 % 4; ++task) asked.push_back(mote::request(one.process, task));
      int number = 0;
      until([&] {
        for (const int each : children_of(starter)) number = each != bystander.number ? each : number;
        return number != 0;
      });
      const bool waits = i % 2 == 0;
      if (waits) mote::receive<first_word>();
      const auto drawn = std::chrono::microseconds((random >> 40) % (waits ? 100 : 500));
      for (const auto end = mote::now() + drawn; mote::now() < end;) mote::yield();
      ::kill(number, SIGKILL);
      int answered = 0, lost = 0;
      for (std::size_t task = 0; task < asked.size(); ++task) {
        try {
          EXPECT_EQ(mote::receive_reply<int>(asked[task]), static_cast<int>(task) + 1);
          ++answered;
        } catch (const mote::no_reply& failed) {
          EXPECT_EQ(failed.why().code(), SIGKILL);
          ++lost;
        }
      }
      EXPECT_EQ(answered + lost, i / 2 % 4);
      EXPECT_EQ(news_of(one.monitor).code(), SIGKILL);
      EXPECT_EQ(state_of(number), '\0');
      const bool had_begun = waits || mote::receive<first_word>(0ns).has_value();
      ++(!had_begun ? at_its_start : asked.empty() ? before_work : lost != 0 ? at_work : after_work);
      EXPECT_EQ(mote::receive_reply<int>(mote::request(bystander.process, i)), i + 1);
    }
  });
  std::printf("killed at its start %d, before any work %d, at work %d, after it %d\n", at_its_start, before_work, at_work,
              after_work);
  EXPECT_GT(at_its_start, 0);
  EXPECT_GT(before_work, 0);
  EXPECT_GT(at_work + after_work, 0);
}

// Bar 37, its quick share.
TEST(os_process, none_is_left_after_many_short_lives_and_no_descriptor_either) {
  on_schedulers([] {
    const auto count = [] { return open_descriptors().size(); };
    news_of(start([] {}).monitor);
    const std::size_t before = count();
    for (int i = 0; i < 40; ++i) {
      const started one = start([] {});
      EXPECT_EQ(news_of(one.monitor), mote::reason::normal);
      EXPECT_EQ(state_of(one.number), '\0');
    }
    EXPECT_EQ(count(), before);
  });
}

// The program itself is killed: here a copy of it, made before it has threads of its own.
TEST(os_process, nothing_outlives_a_program_that_is_killed) {
  const int program = ::fork();
  if (program == 0) {
    ::execl("/proc/self/exe", "worker_tests", "--gtest_also_run_disabled_tests", "--gtest_filter=*DISABLED_program_to_be_killed",
            nullptr);
    ::_exit(1);
  }
  const std::string note = "/tmp/mote_killed_" + std::to_string(program);
  int number = 0, grandchild = 0;
  while (number == 0 || grandchild == 0) {
    std::ifstream(note) >> number >> grandchild;
    ASSERT_EQ(::waitpid(program, nullptr, WNOHANG), 0) << "it ended by itself";
  }
  EXPECT_NE(state_of(number), '\0');
  const int starter = parent_of(number);
  EXPECT_EQ(command_of(starter), "mote-starter");
  ::kill(program, SIGKILL);
  ::waitpid(program, nullptr, 0);
  while (state_of(number) != '\0' || state_of(grandchild) != '\0' || !is_dead(starter)) ::sched_yield();
  std::filesystem::remove(note);
}

TEST(os_process, DISABLED_program_to_be_killed) {
  mote::run([] {
    mote::spawn(mote::isolated, [](std::string note) {
      const int grandchild = ::fork();
      if (grandchild == 0) {
        ::setsid();
        for (;;) ::pause();
      }
      std::ofstream(note) << ::getpid() << ' ' << grandchild << std::endl;
      wait_for_ever();
    }, "/tmp/mote_killed_" + std::to_string(::getpid()));
    wait_for_ever();
  });
}

}  // namespace
