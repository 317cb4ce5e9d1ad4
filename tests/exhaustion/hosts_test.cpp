// What a host and its threads do when memory is refused.
#include "tests/exhaustion/without_memory.hpp"

#include "runtime/os/thread_pool.hpp"

#include <unistd.h>

#include <array>
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

// ---- a runtime ----

options small(unsigned schedulers) {
  options given;
  given.schedulers = schedulers;
  given.max_processes = 1u << 12;
  given.on_crash = [](const crash_report&) {};
  return given;
}

/// As without_memory, for a body that makes a runtime of its own, and says when memory is back.
void host_without_memory(void (*body)(unsigned schedulers)) {
  for (const unsigned schedulers : {1u, 2u}) {
    for (const std::uint64_t how_many : {1u, 7u}) {
      plan = {};
      body(schedulers);
      for (plan = {1, how_many};; plan = {plan.nth + 1, how_many}) {
        const std::int64_t blocks = memory::live_blocks();
        const int tokens = token::alive.load();
        body(schedulers);
        memory_is_back();
        EXPECT_EQ(token::alive.load(), tokens);
        EXPECT_EQ(memory::live_blocks(), blocks);
        if (::testing::Test::HasFailure()) FAIL() << "request " << plan.nth << " refused and those behind it, " << how_many;
        if (!plan.any) break;
      }
      EXPECT_GT(plan.nth, 1u) << "it asks for no memory";
    }
  }
}

TEST(exhausted_host, has_a_runtime_that_works_or_none) {
  host_without_memory([](unsigned schedulers) {
    memory_runs_out();
    attempt_or_lack_threads([&] {
      runtime rt(small(schedulers));
      memory_is_back();
      EXPECT_EQ(rt.call([] { return 1; }), 1);
    });
    memory_is_back();
  });
}

TEST(exhausted_host, starts_a_process_or_none) {
  host_without_memory([](unsigned schedulers) {
    runtime rt(small(schedulers));
    memory_runs_out();
    const bool made = attempt([&] {
      rt.spawn({.name = "a name that is longer than sixteen"}, [](token) { wait_for_ever(); }, token());
    });
    memory_is_back();
    EXPECT_EQ(rt.processes().size(), made ? 1u : 0u);
  });
}

TEST(exhausted_host, calls_and_is_answered_or_refused) {
  host_without_memory([](unsigned schedulers) {
    runtime rt(small(schedulers));
    std::string answer;
    memory_runs_out();
    const bool called = attempt([&] { answer = rt.call([] { return std::string(40, 'x'); }); });
    memory_is_back();
    EXPECT_EQ(answer.size(), called ? 40u : 0u);
    EXPECT_EQ(rt.call([] { return 5; }), 5);
  });
}

TEST(exhausted_host, has_an_outside_mailbox_that_works_or_none) {
  host_without_memory([](unsigned schedulers) {
    runtime rt(small(schedulers));
    memory_runs_out();
    attempt_or_lack_threads([&] {
      outside_mailbox box(rt);
      memory_is_back();
      rt.send(box.id(), 7);
      EXPECT_EQ(box.receive<int>(), 7);
    });
    memory_is_back();
    EXPECT_EQ(rt.call([] { return 5; }), 5);
  });
}

// ---- a hand-off ----

std::atomic<bool> may_block{false};
std::atomic<std::uint64_t> ticks{0};

void tick() {
  for (;;) {
    ++ticks;
    yield();
  }
}

void block(int pipe_end) {
  while (!may_block) yield();
  char nothing = 0;
  EXPECT_EQ(::read(pipe_end, &nothing, 1), 1);
}

// The report asks for memory, once another thread has the scheduler.
TEST(exhausted_host, hands_a_scheduler_over_and_reports_it_or_says_that_it_cannot) {
  host_without_memory([](unsigned schedulers) {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    may_block = false;
    std::atomic<bool> reported{false};
    options given = small(schedulers);
    given.handoff_after = std::chrono::milliseconds(2);
    given.on_handoff = [&](const handoff_report&) { reported = true; };
    {
      runtime rt(given);
      rt.spawn({.scheduler = 0}, tick);
      rt.spawn({.scheduler = 0}, block, ends[0]);
      const std::uint64_t before = ticks;
      while (ticks < before + 3) std::this_thread::yield();
      memory_runs_out();
      may_block = true;
      while (!reported && !memory::was_refused()) std::this_thread::yield();
      memory_is_back();
      for (const std::uint64_t since = ticks; ticks < since + 3;) std::this_thread::yield();
      EXPECT_EQ(::write(ends[1], "", 1), 1);
    }
    for (const int end : ends) ::close(end);
  });
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
