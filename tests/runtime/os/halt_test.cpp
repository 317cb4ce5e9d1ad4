// runtime/os/halt.hpp and peek.hpp: looking at threads that stand still, and at memory that may be gone.
#include "runtime/os/halt.hpp"
#include "runtime/base/annotate.hpp"
#include "runtime/os/peek.hpp"
#include "runtime/os/symbols.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>
#include <atomic>
#include <csignal>
#include <string>
#include <thread>

namespace mote::detail {
namespace {

// By built-in functions: without optimisation each member of a std::atomic is a function of its own, where it would be found.
bool go_on = true;
std::uint64_t turn_count = 0;
std::atomic<int> spinner_number{0};

__attribute__((noinline)) void spins_for_ever() {
  while (__atomic_load_n(&go_on, __ATOMIC_RELAXED)) __atomic_fetch_add(&turn_count, 1, __ATOMIC_RELAXED);
}

std::uint64_t turns() { return __atomic_load_n(&turn_count, __ATOMIC_RELAXED); }

class spinner {
 public:
  spinner() {
    __atomic_store_n(&go_on, true, __ATOMIC_RELAXED);
    spinner_number = 0;
    thread_ = std::thread([] {
      spinner_number = this_thread_number();
      spins_for_ever();
    });
    while (spinner_number == 0) std::this_thread::yield();
    for (const auto seen = turns(); turns() == seen;) std::this_thread::yield();
  }
  ~spinner() {
    __atomic_store_n(&go_on, false, __ATOMIC_RELAXED);
    thread_.join();
  }

 private:
  std::thread thread_;
};

#if !defined(MOTE_TSAN)  // which keeps signals back until the thread calls something

TEST(halt, holds_a_thread_where_it_is_and_tells_its_registers) {
  const halt_signal signal(SIGURG);
  const spinner other;
  std::uint64_t held = 0;
  {
    const halted_threads all(1, [](std::size_t) { return spinner_number.load(); }, 10'000'000'000);
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].thread, spinner_number.load());
    held = turns();
    const auto* const at = reinterpret_cast<const void*>(all[0].registers.value[frame_registers::code]);
    EXPECT_NE(function_at(at).find("spins_for_ever"), std::string::npos) << function_at(at);
    ::usleep(1000);
    EXPECT_EQ(turns(), held);
  }
  while (turns() == held) std::this_thread::yield();  // it goes on
}

// Halts come to the handler that is asked for between.
TEST(halt, passes_on_what_is_not_its_own) {
  static std::atomic<int> passed_on;
  passed_on = 0;
  struct sigaction mine {}, before {};
  mine.sa_handler = [](int number) { passed_on += number == SIGURG; };
  ASSERT_EQ(::sigaction(SIGURG, &mine, &before), 0);
  {
    const halt_signal signal(SIGURG);
    const spinner other;
    for (int i = 1; i <= 10; ++i) {
      ::raise(SIGURG);
      EXPECT_EQ(passed_on, i);
      const halted_threads all(1, [](std::size_t) { return spinner_number.load(); }, 10'000'000'000);
      EXPECT_EQ(all.size(), 1u);
    }
    EXPECT_EQ(passed_on, 10);
  }
  struct sigaction now {};
  ::sigaction(SIGURG, &before, &now);
  EXPECT_EQ(now.sa_handler, mine.sa_handler);
}

TEST(halt, stays_when_what_is_not_its_own_comes_and_nobody_else_wants_it) {
  const halt_signal signal(SIGURG);
  const spinner other;
  ::raise(SIGURG);
  const halted_threads all(1, [](std::size_t) { return spinner_number.load(); }, 10'000'000'000);
  EXPECT_EQ(all.size(), 1u);
}

TEST(halt, works_again_and_again) {
  const halt_signal signal(SIGURG);
  const spinner other;
  for (int i = 0; i < 200; ++i) {
    const halted_threads all(1, [](std::size_t) { return spinner_number.load(); }, 10'000'000'000);
    ASSERT_EQ(all.size(), 1u);
  }
}

#endif

TEST(halt, without_a_signal_halts_nobody) {
  const halt_signal none(0);
  const halted_threads all(1, [](std::size_t) { return static_cast<int>(::getpid()); });
  EXPECT_EQ(all.size(), 0u);
}

TEST(halt, a_thread_that_is_gone_is_not_waited_for) {
  const halt_signal signal(SIGURG);
  const halted_threads all(1, [](std::size_t) { return 999'999'999; }, 600'000'000'000);
  EXPECT_EQ(all.size(), 0u);
}

TEST(halt, gives_the_signal_back) {
  struct sigaction before {}, within {}, after {};
  ::sigaction(SIGURG, nullptr, &before);
  {
    const halt_signal signal(SIGURG);
    const halt_signal another(SIGURG);
    ::sigaction(SIGURG, nullptr, &within);
  }
  ::sigaction(SIGURG, nullptr, &after);
  EXPECT_NE(within.sa_sigaction, before.sa_sigaction);
  EXPECT_EQ(after.sa_sigaction, before.sa_sigaction);
}

TEST(peek, reads_what_is_there_and_refuses_what_is_not) {
  const std::string text = "here";
  char copy[5] = {};
  EXPECT_TRUE(peek(text.data(), copy, 5));
  EXPECT_STREQ(copy, "here");
  EXPECT_FALSE(peek(nullptr, copy, 1));
  EXPECT_FALSE(peek(reinterpret_cast<const void*>(~std::uintptr_t{0} - 64), copy, 5));
}

TEST(peek, refuses_what_is_readable_in_part) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const two = ::mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(two, MAP_FAILED);
  auto* const second = static_cast<std::byte*>(two) + page;
  ASSERT_EQ(::munmap(second, page), 0);
  char copy[16];
  EXPECT_TRUE(peek(second - 16, copy, 16));
  EXPECT_FALSE(peek(second - 8, copy, 16));
  ::munmap(two, page);
}

TEST(peek, goes_through_many_objects) {
  std::vector<std::uint64_t> numbers(1000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = i;
  std::uint64_t sum = 0, count = 0;
  peek_each(numbers.data(), numbers.size(), 700, [&](std::uint64_t one) { sum += one, ++count; });
  EXPECT_EQ(count, 700u);
  EXPECT_EQ(sum, 699u * 700 / 2);
}

}  // namespace
}  // namespace mote::detail
