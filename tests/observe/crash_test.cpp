// options::crash_dump and dump_on_quit: what a program that crashes, or is asked by a signal, leaves behind.
#include "tests/in_process.hpp"

#include "runtime/base/annotate.hpp"
#include "tools/mote_dump/dump_file.hpp"

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace mote::test {
namespace {

class temporary_file {
 public:
  temporary_file() : path_(std::filesystem::temp_directory_path() / ("mote_crash_" + std::to_string(::getpid()))) {}
  ~temporary_file() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }
  std::vector<dump_tool::dumped_runtime> read() const {
    std::ifstream file(path_);
    return dump_tool::read_dump(file);
  }

 private:
  std::filesystem::path path_;
};

options with_crash_dump(const temporary_file& file, unsigned schedulers) {
  options given;
  given.schedulers = schedulers;
  given.max_processes = 1 << 16;
  given.crash_dump = file.path();
  return given;
}

constexpr int many = 1000;

void spawn_many() {
  std::vector<pid> all;
  for (int i = 0; i < many; ++i) all.push_back(spawn(spawn_options{.label = "waiter"}, wait_for_ever));
  for (const pid one : all) until_waiting(one);
}

volatile int* nowhere = nullptr;

// To UBSan a null pointer is an error before anything is written.
__attribute__((noinline, no_sanitize("undefined"))) void writes_to_nowhere() { *nowhere = 1; }

void expect_whole(const temporary_file& file, const char* signal) {
  const auto all = file.read();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].processes.size(), many + 2u);
  EXPECT_NE(all[0].whole.cause.view().find(signal), std::string_view::npos) << all[0].whole.cause.view();
  std::size_t waiters = 0, frames = 0;
  for (const auto& one : all[0].processes) {
    waiters += one.label.view() == "waiter" ? 1 : 0;
    frames += one.frames >= 3 ? 1 : 0;
  }
  EXPECT_EQ(waiters, static_cast<std::size_t>(many));
  EXPECT_GE(frames, static_cast<std::size_t>(many));
  EXPECT_FALSE(all[0].modules.empty());
}

TEST(crash_dump, is_whole_after_a_fault_in_a_process) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const temporary_file file;
  EXPECT_DEATH(run([] {
                 spawn_many();
                 spawn([] { writes_to_nowhere(); });
                 wait_for_ever();
               }, with_crash_dump(file, 2)),
               "crashed: SIGSEGV at address 0x0 in process <.*the dump is in .*; mote-dump reads it");
}

TEST(crash_dump, is_whole_after_an_abort) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const temporary_file file;
  EXPECT_DEATH(run([] {
                 spawn_many();
                 spawn([] { std::abort(); });
                 wait_for_ever();
               }, with_crash_dump(file, 1)),
               "crashed: SIGABRT in process <");
}

// The file is read where it was written: in the child of a death test the test itself would end.
class crashed : public ::testing::TestWithParam<int> {};

TEST_P(crashed, program_leaves_a_whole_dump) {
  const temporary_file file;
  const int child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    static_cast<void>(!::freopen("/dev/null", "w", stderr));
    run([] {
      spawn_many();
      spawn([](int signal) {
        if (signal == SIGABRT) std::abort();  // which opens it: the threads of a runtime may block it
        ::raise(signal);
      }, GetParam());
      wait_for_ever();
    }, with_crash_dump(file, 2));
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
  expect_whole(file, "SIG");
}

INSTANTIATE_TEST_SUITE_P(by, crashed, ::testing::Values(SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS));

TEST(crash_dump, goes_to_the_programs_own_handler_next) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  const temporary_file file;
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, [](int) { ::_exit(42); });
        run([] { writes_to_nowhere(); }, with_crash_dump(file, 1));
      },
      ::testing::ExitedWithCode(42), "the dump is in");
}

/// On a file system of one page, which is this OS process's alone; where that may not be, the device that is always full.
std::string file_without_room() {
  const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return "/dev/full";
  std::ofstream("/proc/self/uid_map") << "0 " + user + " 1";
  std::ofstream("/proc/self/setgroups") << "deny";
  std::ofstream("/proc/self/gid_map") << "0 " + group + " 1";
  if (::mount("none", "/tmp", "tmpfs", 0, "size=4k") != 0) return "/dev/full";
  std::ofstream("/tmp/what_fills_it") << std::string(4096, 'x');
  return "/tmp/dump";
}

TEST(crash_dump, that_cannot_be_written_is_told) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  options given;
  given.schedulers = 1;
  given.crash_dump = "/nonexistent/dump";
  EXPECT_DEATH(run([] { writes_to_nowhere(); }, given), "it could not be written \\(No such file or directory\\)");
  EXPECT_DEATH((given.crash_dump = file_without_room(), run([] { writes_to_nowhere(); }, given)),
               "it could not be written \\(No space left on device\\)");
  given.crash_dump = "/tmp/";
  for (int i = 0; i < 500; ++i) given.crash_dump += "%p";
  EXPECT_DEATH(run([] { writes_to_nowhere(); }, given), "it could not be written \\(File name too long\\)");
}

// stderr is a pipe, which the child itself reads until the dump is through.
TEST(dump_on_quit, goes_to_stderr_and_the_program_goes_on) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        int ends[2];
        static_cast<void>(!::pipe(ends));
        ::dup2(ends[1], STDERR_FILENO);
        options given;
        given.schedulers = 2;
        given.dump_on_quit = true;
        const int result = run([end = ends[0]] {
          const pid waiting = spawn(spawn_options{.label = "a waiter"}, wait_for_ever);
          until_waiting(waiting);
          ::kill(::getpid(), SIGQUIT);  // to the program: the threads of a runtime may block it
          std::string text;
          while (text.find("a waiter") == text.npos || text.find("more(") == text.npos) {
            wait_readable(end);
            char some[4096];
            const auto got = ::read(end, some, sizeof some);
            if (got > 0) text.append(some, static_cast<std::size_t>(got));
          }
          kill(waiting);
          return 7;
        }, given);
        ::_exit(result);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace mote::test
