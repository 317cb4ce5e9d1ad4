// What blocking.hpp promises.
#include "tests/in_process.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <thread>

namespace mote {
namespace {

using namespace std::chrono_literals;
using namespace test;

struct go {};

TEST(blocking, returns_what_the_function_returns) {
  in_every_mode([] {
    const int base = 40;
    EXPECT_EQ(blocking([&] { return base + 2; }), 42);
    EXPECT_EQ(*blocking([] { return std::make_unique<int>(7); }), 7);
    int changed = 0;
    blocking([&] { changed = 1; });
    EXPECT_EQ(changed, 1);
    EXPECT_EQ(&blocking([&]() -> int& { return changed; }), &changed);
  });
}

TEST(blocking, throws_what_the_function_throws) {
  in_every_mode([] {
    EXPECT_THROW(blocking([]() -> int { throw std::out_of_range("of it"); }), std::out_of_range);
  });
}

TEST(blocking, brings_errno_there_and_back) {
  in_every_mode([] {
    errno = EDOM;
    const int before = blocking([] { return std::exchange(errno, ERANGE); });
    EXPECT_EQ(errno, ERANGE);
    EXPECT_EQ(before, EDOM);
  });
}

TEST(blocking, runs_on_a_thread_that_is_no_process) {
  on_schedulers([] {
    const auto here = std::this_thread::get_id();
    blocking([here] {
      EXPECT_NE(std::this_thread::get_id(), here);
      EXPECT_THROW(self(), usage_error);
    });
  });
}

// On one scheduler: the call ends when another process has run.
TEST(blocking, lets_the_others_of_the_scheduler_run) {
  options never;
  never.handoff_after = 0ms;
  on_schedulers(
      [] {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        const ref writer = spawn_monitor([](int end) { EXPECT_EQ(::write(end, "x", 1), 1); }, ends[1]).monitor;
        char byte = 0;
        EXPECT_EQ(blocking([&] { return ::read(ends[0], &byte, 1); }), 1);
        EXPECT_EQ(byte, 'x');
        EXPECT_EQ(news_of(writer), reason::normal);
        ::close(ends[0]);
        ::close(ends[1]);
      },
      never);
}

std::atomic<bool> inside, leave;

// Its variables are the call's until then.
TEST(blocking, is_not_left_by_a_kill_before_it_has_returned) {
  on_schedulers([] {
    inside = leave = false;
    const auto [who, watch] = spawn_monitor([] {
      int local = 1;
      blocking([&local] {
        inside = true;
        while (!leave) std::this_thread::yield();
        local = 2;
      });
      ADD_FAILURE() << "went on after a kill";
    });
    until([] { return inside.load(); });
    send(who, go{});
    kill(who);
    EXPECT_FALSE(receive<down>(5ms).has_value());
    EXPECT_TRUE(info(who).has_value());
    leave = true;
    EXPECT_EQ(news_of(watch), reason::killed);
  });
}

// Four calls, one thread for them; each ends in its turn.
TEST(blocking, waits_for_a_thread_when_all_are_in_use) {
  options given;
  given.max_threads = 1;
  ::testing::internal::CaptureStderr();
  on_schedulers(
      [] {
        static std::atomic<int> at_once;
        at_once = 0;
        std::vector<ref> watches;
        for (int i = 0; i < 4; ++i) {
          watches.push_back(spawn_monitor([] {
                              blocking([] {
                                EXPECT_EQ(++at_once, 1);
                                for (int turn = 0; turn < 100; ++turn) std::this_thread::yield();
                                --at_once;
                              });
                            }).monitor);
        }
        for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
      },
      given);
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("no thread is left"), std::string::npos);
}

TEST(blocking, belongs_inside_a_process) {
  EXPECT_THROW(blocking([] {}), usage_error);
}

}  // namespace
}  // namespace mote
