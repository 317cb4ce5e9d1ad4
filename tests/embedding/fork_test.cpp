// What becomes of a runtime in the child of a fork: every call says so, nothing hangs, and the parent goes on.
#include "tests/embedding/hosted.hpp"
#include "tests/sanitizers.hpp"

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mote::test {
namespace {

int status_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
  }
  return status;
}

/// Runs the body in a child, and returns how that ended: 0 when the body returned true.
template <class Body>
int in_child(Body&& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  return status_of(child);
}

/// Whether the call throws a usage_error that names the fork.
template <class Call>
bool names_the_fork(Call&& call) {
  try {
    call();
  } catch (const usage_error& refused) {
    return std::string(refused.what()).find("fork") != std::string::npos;
  }
  return false;
}

TEST(fork, in_a_host_thread_leaves_a_child_in_which_every_call_says_so) {
  auto rt = std::make_unique<runtime>(small());
  const runtime_handle handle = rt->handle();
  const pid there = rt->spawn(wait_for_ever);
  EXPECT_EQ(in_child([&] {
              return names_the_fork([&] { rt->send(there, number{1}); }) && names_the_fork([&] { rt->spawn(wait_for_ever); }) &&
                     names_the_fork([&] { rt->call([] {}); }) && names_the_fork([&] { rt->shutdown(); }) &&
                     names_the_fork([&] { handle.send(there, number{1}); }) &&
                     names_the_fork([&] { rt->try_send(there, number{1}); }) &&
                     names_the_fork([&] { handle.try_send(there, number{1}); }) &&
                     names_the_fork([&] { handle.send("a name", number{1}); }) &&
                     names_the_fork([&] { rt->send("a name", number{1}); }) && names_the_fork([&] { rt->dump(); }) &&
                     names_the_fork([&] { handle.statistics(); }) && names_the_fork([&] { handle.info(there); }) &&
                     names_the_fork([&] { handle.processes(); }) && names_the_fork([&] { rt->environment(); }) &&
                     names_the_fork([&] { outside_mailbox box(*rt); });
            }),
            0);
  EXPECT_TRUE(rt->call([=] { return is_alive(there); }));
}

TEST(fork, leaves_a_child_that_can_destroy_what_it_was_left) {
  auto rt = std::make_unique<runtime>(small());
  auto box = std::make_unique<outside_mailbox>(*rt);
  EXPECT_EQ(in_child([&] {
              const runtime_handle copy = rt->handle();
              box.reset();
              rt.reset();
              return true;
            }),
            0);
  EXPECT_EQ(rt->call([] { return 1; }), 1);
}

TEST(fork, in_a_process_leaves_a_child_that_may_only_exec_or_exit) {
  runtime rt(small());
  const pid other = rt.spawn(wait_for_ever);
  EXPECT_EQ(rt.call([=] {
              return in_child([=] {
                return names_the_fork([=] { send(other, number{1}); }) && names_the_fork([] { spawn(wait_for_ever); }) &&
                       names_the_fork([] { receive<number>(); }) && names_the_fork([] { self(); });
              });
            }),
            0);
  EXPECT_EQ(rt.call([] {
              const pid_t child = ::fork();
              if (child == 0) {
                ::execl("/bin/sh", "sh", "-c", "exit 7", nullptr);
                ::_exit(1);
              }
              return status_of(child);
            }),
            7 << 8);
}

TEST(fork, in_a_process_gives_the_child_the_host_s_signals) {
  runtime rt(small());
  EXPECT_EQ(rt.call([] {
              return in_child([] {
                sigset_t now;
                ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
                return ::sigismember(&now, SIGTERM) == 0 && ::sigismember(&now, SIGCHLD) == 0;
              });
            }),
            0);
}

TEST(fork, in_a_process_ends_a_child_that_goes_on_as_a_process) {
  runtime rt(small());
  const int status = rt.call([] {
    int said[2];
    EXPECT_EQ(::pipe(said), 0);
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
      const rlimit none{0, 0};
      ::setrlimit(RLIMIT_CORE, &none);
      std::signal(SIGABRT, SIG_DFL);
      ::dup2(said[1], STDERR_FILENO);
      return 0;  // to the end of the process's function
    }
    EXPECT_EQ(::getpid(), parent);
    ::close(said[1]);
    std::string text;
    char piece[256];
    for (ssize_t got = 0; (got = ::read(said[0], piece, sizeof piece)) > 0;) text.append(piece, static_cast<std::size_t>(got));
    ::close(said[0]);
    EXPECT_NE(text.find("fork"), std::string::npos) << text;
    return status_of(child);
  });
  EXPECT_TRUE(WIFSIGNALED(status)) << status;
}

#ifndef MOTE_UNDER_TSAN  // which starts no thread after such a fork
/// Whether all threads but the calling one sleep.
bool others_sleep() {
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream file(each.path() / "stat");
    std::string number, name, state;
    file >> number >> name >> state;
    if (number != std::to_string(::gettid()) && state != "S") return false;
  }
  return true;
}

TEST(fork, leaves_a_child_that_may_make_a_runtime_of_its_own) {
  runtime rt(small());
  std::atomic<bool> begun{false}, over{false};
  const auto take_locks = [&] {
    while (!over) {
      const runtime_handle copy = rt.handle();  // takes the lock of the list of runtimes
      begun = true;
    }
  };
  // No thread is in malloc at the fork: AddressSanitizer's stays locked in the child.
  while (!others_sleep()) std::this_thread::yield();
  std::thread busy(take_locks);
  while (!begun) std::this_thread::yield();
  for (int round = 0; round < 20; ++round) {
    EXPECT_EQ(in_child([] {
                runtime own(small(1));
                return own.call([] { return 5; }) == 5 && own.shutdown().empty();
              }),
              0)
        << "in round " << round;
  }
  over = true;
  busy.join();
}
#endif

}  // namespace
}  // namespace mote::test
