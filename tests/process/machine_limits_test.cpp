// A machine that refuses: each refusal is an error that names the limit, or is worked around and told by environment(). Each test
// body runs in an OS process of its own, with the limit set there.
#include "runtime/base/annotate.hpp"
#include "tests/in_process.hpp"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>

namespace mote::test {
namespace {

#if !defined(MOTE_ASAN) && !defined(MOTE_TSAN)

constexpr int worked = 5;

// ---- what the machine refuses ----

void install(std::span<sock_filter> program) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0) {
    std::perror("seccomp");
    std::_Exit(99);
  }
}

constexpr sock_filter load(std::size_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset)); }
constexpr sock_filter give(std::uint32_t what) { return BPF_STMT(BPF_RET | BPF_K, what); }
constexpr sock_filter unless(std::uint32_t value, std::uint8_t skip) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, skip);
}

/// From now on this system call fails so, in this thread and those it starts.
void refuse_call(long number, int error) {
  std::array program{load(offsetof(seccomp_data, nr)), unless(static_cast<std::uint32_t>(number), 1),
                     give(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)), give(SECCOMP_RET_ALLOW)};
  install(program);
}

/// The same for one value of its third argument.
void refuse_call(long number, int error, std::uint32_t third) {
  std::array program{load(offsetof(seccomp_data, nr)), unless(static_cast<std::uint32_t>(number), 3),
                     load(offsetof(seccomp_data, args) + 16), unless(third, 1),
                     give(SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error)), give(SECCOMP_RET_ALLOW)};
  install(program);
}

void refuse_threads() {
  refuse_call(SYS_clone3, ENOSYS);
  refuse_call(SYS_clone, EAGAIN);
}

void refuse_guard_advice() {
  refuse_call(SYS_madvise, EINVAL, 102);
  refuse_call(SYS_process_madvise, EPERM);
}

template <class Resource>
void limit(Resource which, rlim_t value) {
  const rlimit both{value, value};
  if (::setrlimit(which, &both) != 0) std::perror("setrlimit");
}

// ---- what comes of it ----

/// Runs, and says on stderr what was thrown.
[[noreturn]] void run_and_say(const std::function<void()>& body, options given = {}) {
  int result = 1;
  try {
    given.schedulers = 2;
    if (given.max_processes == options{}.max_processes) given.max_processes = 4096;
    result = mote::run([&] { body(); }, given);
  } catch (const system_limit& full) {
    std::fprintf(stderr, "system_limit: %s\n", full.what());
  } catch (const std::system_error& refused) {
    std::fprintf(stderr, "system_error: %s\n", refused.what());
  }
  std::exit(result == 0 ? worked : 1);
}

/// What a program does: processes, messages, an overflow; then it says what it found.
void live() {
  for (int i = 0; i < 100; ++i) outcome([] { yield(); });
  const reason why = outcome([] {
    for (;;) {
      struct digger {
        static __attribute__((noinline)) int dig(int levels) {  // NOLINT(misc-no-recursion)
          volatile char frame[300];
          frame[0] = static_cast<char>(levels);
          return levels == 0 ? 0 : dig(levels - 1) + frame[0];
        }
      };
      digger::dig(1 << 24);
    }
  });
  if (why.kind() != reason_kind::stack_overflow) std::_Exit(98);
  std::fputs(environment().c_str(), stderr);
}

struct machine_limits : ::testing::Test {
  machine_limits() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

auto ends_with(int code) { return ::testing::ExitedWithCode(code); }

TEST_F(machine_limits, of_descriptors_are_named_with_their_value) {
  EXPECT_EXIT((limit(RLIMIT_NOFILE, 4), run_and_say(live)), ends_with(1), "open files of this OS process, 4 .RLIMIT_NOFILE");
  EXPECT_EXIT((limit(RLIMIT_NOFILE, 16), run_and_say(live)), ends_with(worked), "open files: 16");
}

TEST_F(machine_limits, of_addresses_are_named_with_their_value) {
  EXPECT_EXIT((limit(RLIMIT_AS, rlim_t{20} << 20), run_and_say(live)), ends_with(1),
              "system_limit: mote: no [0-9]+ bytes of addresses for .*RLIMIT_AS is 20971520 bytes");
  EXPECT_EXIT((limit(RLIMIT_AS, rlim_t{1} << 30), run_and_say(live)), ends_with(worked), "address space bytes: 1073741824");
}

TEST_F(machine_limits, of_memory_are_named_with_their_value) {
  EXPECT_EXIT((limit(RLIMIT_DATA, rlim_t{16} << 20), run_and_say(live, {.max_processes = 1 << 16})), ends_with(1),
              "system_limit: mote: no [0-9]+ bytes of addresses for .*RLIMIT_DATA is 16777216 bytes");
}

TEST_F(machine_limits, of_files_in_memory_are_named) {
  const auto dumps = [] { dump(dump_format::json); };
  EXPECT_EXIT((refuse_call(SYS_memfd_create, ENOSPC), run_and_say(dumps)), ends_with(1),
              "mote: a file in memory: the space of files in memory: No space left");
  EXPECT_EXIT((limit(RLIMIT_AS, rlim_t{4} << 30), refuse_call(SYS_memfd_create, ENOMEM), run_and_say(dumps)), ends_with(1),
              "mote: a file in memory: RLIMIT_AS is 4294967296 bytes.*: Cannot allocate memory");
}

TEST_F(machine_limits, of_threads_are_named_with_their_value) {
  EXPECT_EXIT((limit(RLIMIT_NPROC, 50'000), refuse_threads(), run_and_say(live)), ends_with(1),
              "system_limit: mote: thread 1 of 2 schedulers was refused; RLIMIT_NPROC is 50000 threads");
}

// Only the schedulers' threads are there, so that waiting for one to come free would be waiting for ever.
TEST_F(machine_limits, of_threads_are_told_when_a_blocking_call_wants_one_more) {
  const auto lacks_one = [] {
    refuse_threads();
    try {
      blocking([] {});
    } catch (const std::system_error& refused) {
      const bool is_named = std::string_view(refused.what()).starts_with("mote::blocking: a thread");
      std::_Exit(is_named && statistics().threads_lacked == 1 ? worked : 1);
    }
  };
  EXPECT_EXIT(run_and_say(lacks_one), ends_with(worked), "no thread is left beside those of the schedulers, of 256: the system gives no more");
}

TEST_F(machine_limits, a_signal_stack_that_is_refused_is_an_error) {
  EXPECT_EXIT((refuse_call(SYS_sigaltstack, EPERM), run_and_say(live)), ends_with(1), "the signal stack of thread [12] of 2");
}

TEST_F(machine_limits, a_missing_membarrier_is_worked_around_and_told) {
  EXPECT_EXIT((refuse_call(SYS_membarrier, EPERM), run_and_say(live)), ends_with(worked), "membarrier: no");
  EXPECT_EXIT((refuse_call(SYS_membarrier, ENOSYS), run_and_say(live)), ends_with(worked), "membarrier: no");
}

TEST_F(machine_limits, missing_guard_advice_is_worked_around_and_told) {
  EXPECT_EXIT((refuse_guard_advice(), run_and_say(live)), ends_with(worked), "guard advice: no.*a mapping each");
}

TEST_F(machine_limits, missing_pidfds_and_copies_between_processes_are_worked_around) {
  EXPECT_EXIT((refuse_call(SYS_pidfd_open, ENOSYS), run_and_say(live)), ends_with(worked), "pidfd: no");
  EXPECT_EXIT((refuse_call(SYS_process_vm_readv, EPERM), run_and_say(live)), ends_with(worked), "guard advice: ");
}

#if defined(__x86_64__)

constexpr std::uint32_t shadow_stack_status = 0x5005;

// The kernel's answer of a thread that has shadow stacks on.
void answer_for_shadow_stacks(int, siginfo_t*, void* context) {
  greg_t* const registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  *reinterpret_cast<std::uint64_t*>(registers[REG_RSI]) = 1;
  registers[REG_RAX] = 0;
}

/// From now on this thread seems to have shadow stacks on.
void pretend_shadow_stacks() {
  struct sigaction answer {};
  answer.sa_sigaction = &answer_for_shadow_stacks;
  answer.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &answer, nullptr);
  std::array program{load(offsetof(seccomp_data, nr)), unless(SYS_arch_prctl, 3),
                     load(offsetof(seccomp_data, args)), unless(shadow_stack_status, 1),
                     give(SECCOMP_RET_TRAP), give(SECCOMP_RET_ALLOW)};
  install(program);
}

TEST_F(machine_limits, shadow_stacks_are_refused_in_words) {
  EXPECT_EXIT((pretend_shadow_stacks(), run_and_say(live)), ends_with(1), "system_error: mote: shadow stacks .CET. are on");
}

#endif

TEST_F(machine_limits, a_sandbox_that_hides_the_cores_leaves_one_at_least) {
  EXPECT_EXIT((refuse_call(SYS_sched_getaffinity, EPERM), run_and_say(live)), ends_with(worked), "cores: [1-9]");
}

#endif

}  // namespace
}  // namespace mote::test
