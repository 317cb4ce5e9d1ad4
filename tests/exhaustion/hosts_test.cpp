// What a host and its threads do when memory is refused.
#include "tests/exhaustion/without_memory.hpp"

#include "runtime/os/thread_pool.hpp"

#include <limits>
#include <system_error>
#include <thread>

namespace mote::test {
namespace {

// The first job has a thread, which it keeps; the second wants one more, and there is no memory for that, or for the job.
TEST(exhausted_pool, runs_a_job_once_or_never) {
  bool refused = true;
  for (std::uint64_t nth = 1; refused; ++nth) {
    std::atomic<bool> go_on{false};
    std::atomic<int> first{0}, second{0}, third{0};
    detail::thread_pool pool(2, "tested");
    pool.run([&] {
      ++first;
      while (!go_on) std::this_thread::yield();
    });
    while (first == 0) std::this_thread::yield();
    memory::refuse(nth, 1);
    const bool taken = attempt([&] { pool.run([&] { ++second; }); });
    refused = memory::restore();
    go_on = true;
    pool.run([&] { ++third; });
    while (third == 0 || second != (taken ? 1 : 0)) std::this_thread::yield();
    pool.stop();
    EXPECT_EQ(second, taken ? 1 : 0) << nth;
  }
}

TEST(exhausted_pool, without_any_thread_keeps_no_job_that_it_refused) {
  bool refused = true;
  for (std::uint64_t nth = 1; refused; ++nth) {
    std::atomic<int> first{0}, second{0};
    bool taken = false;
    {
      detail::thread_pool pool(2, "tested");
      memory::refuse(nth, 1);
      try {
        taken = attempt([&] { pool.run([&] { ++first; }); });
      } catch (const std::system_error& none) {
        EXPECT_EQ(none.code(), std::errc::not_enough_memory);
      }
      refused = memory::restore();
      pool.run([&] { ++second; });
      while (second == 0 || first != (taken ? 1 : 0)) std::this_thread::yield();
    }
    EXPECT_EQ(first, taken ? 1 : 0) << nth;
  }
}

// One that does not end keeps its thread; there is no memory to say which.
TEST(exhausted_host, is_shut_down_and_says_so_to_all_who_ask) {
  static std::atomic<bool> begun, go_on;
  begun = go_on = false;
  options given;
  given.schedulers = 2;
  given.max_processes = 1u << 12;
  auto host = std::make_unique<runtime>(given);
  host->spawn([] {
    begun = true;
    while (!go_on) {
    }
  });
  while (!begun) std::this_thread::yield();
  memory::refuse(1, std::numeric_limits<std::uint64_t>::max() / 2);
  const bool first = attempt([&] { host->shutdown(std::chrono::nanoseconds(0)); });
  EXPECT_TRUE(memory::restore());
  EXPECT_FALSE(first);
  EXPECT_FALSE(attempt([&] { host->shutdown(); }));
  EXPECT_THROW(host->spawn([] {}), usage_error);
  ::testing::internal::CaptureStderr();
  host.reset();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");  // told already
  go_on = true;
}

}  // namespace
}  // namespace mote::test
