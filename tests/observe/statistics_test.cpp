// <mote/observe.hpp>: statistics.
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

TEST(statistics, count_who_lives_and_who_has_ended) {
  in_every_mode([] {
    const runtime_statistics before = statistics();
    EXPECT_EQ(before.processes, 1u);
    const pid waiting = spawn(wait_for_ever);
    for (int i = 0; i < 10; ++i) outcome([] {});
    until_waiting(waiting);
    const runtime_statistics after = statistics();
    EXPECT_EQ(after.processes, 2u);
    EXPECT_EQ(after.spawned, before.spawned + 11);
    EXPECT_EQ(after.ended, before.ended + 10);
    kill(waiting);
  });
}

TEST(statistics, tell_what_is_ready_and_which_timers_are_armed) {
  in_mode({1, {}}, [] {
    const auto timer = send_after(std::chrono::hours(1), self(), 1);
    for (int i = 0; i < 5; ++i) spawn([] {});
    const runtime_statistics now = statistics();
    EXPECT_EQ(now.ready, 5u);
    EXPECT_EQ(now.timers, 1u);
    ASSERT_EQ(now.schedulers.size(), 1u);
    EXPECT_EQ(now.schedulers[0].ready, 5u);
    EXPECT_GT(now.schedulers[0].turns, 0u);
    cancel_timer(timer);
    EXPECT_EQ(statistics().timers, 0u);
  });
}

TEST(statistics, tell_of_memory_in_use) {
  in_mode({1, {}}, [] {
    const runtime_statistics before = statistics();
    std::vector<pid> waiting;
    for (int i = 0; i < 1000; ++i) waiting.push_back(spawn(wait_for_ever));
    for (const pid one : waiting) until_waiting(one);
    const runtime_statistics after = statistics();
    EXPECT_GE(after.stacks, before.stacks + 900);
    EXPECT_GE(after.process_bytes, 1000u * 256);
    EXPECT_GT(after.stack_address_bytes, 0u);
  });
}

TEST(statistics, count_threads_in_use_beside_the_schedulers) {
  on_schedulers([] {
    EXPECT_EQ(statistics().threads, 0u);
    std::atomic<bool> goes_on{false};
    const auto blocked = spawn_monitor([](unsafe_share<std::atomic<bool>> shared) {
      blocking([&] { shared->wait(false); });
    }, unsafe_share<std::atomic<bool>>(&goes_on));
    until([] { return statistics().threads == 1; });
    goes_on = true;
    goes_on.notify_all();
    EXPECT_EQ(news_of(blocked.monitor), reason::normal);
    until([] { return statistics().threads == 0; });
    EXPECT_EQ(statistics().threads_lacked, 0u);
  });
}

}  // namespace
}  // namespace mote::test
