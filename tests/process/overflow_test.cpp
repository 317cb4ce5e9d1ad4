// A stack overflow is reported as what it is, and then takes its course. The address sanitizer takes the fault over and has a
// report of its own, so how the program ends is looked at without it.
#include "runtime/base/annotate.hpp"
#include "tests/process/in_process.hpp"

#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <string>

namespace mote::test {
namespace {

// As many frames of half a KiB as are asked for.
__attribute__((noinline)) int dig(int frames) {  // NOLINT(misc-no-recursion)
  volatile char frame[512];
  frame[0] = static_cast<char>(frames);
  return frames == 0 ? frame[0] : dig(frames - 1) + frame[0];
}

void dig_too_deep() {
  set_label("digger");
  dig(1 << 20);
}

[[maybe_unused]] void run_digger(std::size_t max_stack, bool report = true) {
  options given;
  given.schedulers = 1;
  given.report_stack_overflow = report;
  mote::run(
      [max_stack] {
        spawn_options how;
        how.name = "miner";
        how.max_stack = max_stack;
        news_of(spawn_monitor(how, dig_too_deep).monitor);
      },
      given);
}

struct stack_overflow : ::testing::Test {
  stack_overflow() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// The address that SIGSEGV's handler is, as the system tells it.
void* segv_handler() {
  struct sigaction now {};
  EXPECT_EQ(::sigaction(SIGSEGV, nullptr, &now), 0);
  return reinterpret_cast<void*>(now.sa_handler);
}

void own_handler(int) {
  constexpr char text[] = "the program's handler\n";
  static_cast<void>(!::write(STDERR_FILENO, text, sizeof text - 1));
  ::_exit(7);
}

#if !defined(MOTE_ASAN) && !defined(MOTE_TSAN)

TEST_F(stack_overflow, names_process_limit_and_option_then_ends_by_the_signal) {
  EXPECT_EXIT(
      run_digger(0), ::testing::KilledBySignal(SIGSEGV),
      "mote: process <1\\.[0-9]+\\.[0-9]+> \"miner\" \\(digger\\) overflowed its stack of 13[0-9]+ bytes, of a slot of "
      "262144: .*spawn_options::max_stack");
}

TEST_F(stack_overflow, is_told_in_every_size_of_stack) {
  EXPECT_EXIT(run_digger(64 * 1024), ::testing::KilledBySignal(SIGSEGV), "overflowed its stack of 3[0-9]+ bytes");
  EXPECT_EXIT(run_digger(1 << 20), ::testing::KilledBySignal(SIGSEGV), "overflowed its stack of 7[0-9]+ bytes");
}

TEST_F(stack_overflow, goes_on_to_the_programs_own_handler) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, &own_handler);
        run_digger(0);
      },
      ::testing::ExitedWithCode(7), "overflowed its stack[^\n]*\nthe program's handler");
}

TEST_F(stack_overflow, is_not_told_of_where_the_option_is_off) {
  EXPECT_EXIT(run_digger(0, false), ::testing::KilledBySignal(SIGSEGV), "^$");
}

// Nothing is said of faults that are no overflow.
TEST_F(stack_overflow, is_not_what_a_wild_write_is_called) {
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, &own_handler);
        mote::run([] {
          int* volatile wild = reinterpret_cast<int*>(std::uintptr_t{16});
          *wild = 1;
        });
      },
      ::testing::ExitedWithCode(7), "^the program's handler");
}

TEST_F(stack_overflow, leaves_signals_that_were_sent_to_whom_they_are_for) {
  EXPECT_EXIT(mote::run([] { std::raise(SIGSEGV); }), ::testing::KilledBySignal(SIGSEGV), "^$");
  EXPECT_EXIT(
      {
        std::signal(SIGBUS, SIG_IGN);
        mote::run([] { std::raise(SIGBUS); });
        std::exit(5);
      },
      ::testing::ExitedWithCode(5), "^$");
}

#endif

TEST(fault_handlers, are_the_programs_own_again_after_the_run) {
  void* const before = segv_handler();
  void* during = nullptr;
  mote::run([&during] { during = segv_handler(); });
  EXPECT_NE(during, before);
  EXPECT_EQ(segv_handler(), before);
}

// A handler that the program installs meanwhile stays.
TEST(fault_handlers, stay_when_they_came_later) {
  struct sigaction before {};
  ASSERT_EQ(::sigaction(SIGBUS, nullptr, &before), 0);
  mote::run([] { std::signal(SIGBUS, &own_handler); });
  struct sigaction after {};
  ASSERT_EQ(::sigaction(SIGBUS, &before, &after), 0);
  EXPECT_EQ(reinterpret_cast<void*>(after.sa_handler), reinterpret_cast<void*>(&own_handler));
}

}  // namespace
}  // namespace mote::test
