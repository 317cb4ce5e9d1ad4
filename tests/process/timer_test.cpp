// Time: timers, sleeping, the clock.
#include "runtime/base/annotate.hpp"
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

struct tick {
  int number;
};
struct go {};

TEST(send_after, is_never_early) {
  in_every_mode([] {
    for (const nanoseconds delay : {nanoseconds(1), nanoseconds(10us), nanoseconds(2ms)}) {
      const auto begun = now();
      send_after(delay, self(), tick{1});
      EXPECT_EQ(receive<tick>().number, 1);
      EXPECT_GE(now() - begun, delay);
    }
  });
}

TEST(send_after, of_a_time_past_comes_without_waiting) {
  in_every_mode([] {
    int number = 0;
    for (const nanoseconds delay : {nanoseconds(0), nanoseconds(-1), nanoseconds(-1h), nanoseconds::min()}) {
      send_after(delay, self(), tick{++number});
      EXPECT_EQ(receive<tick>().number, number);
    }
  });
}

TEST(send_after, of_the_longest_time_stays_pending) {
  in_every_mode([] {
    const timer_ref timer = send_after(nanoseconds::max(), self(), tick{1});
    EXPECT_FALSE(receive<tick>(1ms));
    const auto left = read_timer(timer);
    ASSERT_TRUE(left);
    EXPECT_GT(*left, 24h * 365 * 100);
    EXPECT_TRUE(cancel_timer(timer));
  });
}

TEST(send_after, comes_in_the_order_of_the_times) {
  in_every_mode([] {
    for (const int number : {5, 1, 4, 2, 3}) send_after(number * 2ms, self(), tick{number});
    for (int number = 1; number <= 5; ++number) EXPECT_EQ(receive<tick>().number, number);
  });
}

TEST(send_after, arrives_when_its_sender_has_ended) {
  in_every_mode([] {
    EXPECT_EQ(outcome([](pid to) { send_after(1ms, to, tick{8}); }, self()), reason::normal);
    EXPECT_EQ(receive<tick>().number, 8);
  });
}

TEST(send_after, to_a_name_reaches_who_had_it_when_the_timer_was_set) {
  in_every_mode([] {
    register_name("first", self());
    send_after(1ms, "first", tick{1});
    unregister_name("first");
    const pid other = spawn([] { receive<go>(); });
    register_name("first", other);
    EXPECT_EQ(receive<tick>().number, 1);
    send(other, go{});
  });
}

TEST(send_after, to_an_alias_vanishes_once_that_is_withdrawn) {
  in_every_mode([] {
    const alias kept = make_alias(), withdrawn = make_alias();
    send_after(1ms, withdrawn, tick{1});
    send_after(2ms, kept, tick{2});
    unalias(withdrawn);
    EXPECT_EQ(receive<tick>().number, 2);
    EXPECT_TRUE(none_left<tick>());
  });
}

TEST(send_after, to_a_process_that_has_ended_vanishes) {
  const auto shared = std::make_shared<int>(1);
  in_every_mode([&] {
    const auto [child, watch] = spawn_monitor([] { receive<go>(); });
    const timer_ref timer = send_after(1ms, child, unsafe_share<int>(shared));
    send_after(1ms, pid(), unsafe_share<int>(shared));
    send(child, go{});
    news_of(watch);
    EXPECT_EQ(
        outcome([] { EXPECT_FALSE(receive([](any_message) { return true; }, after(3ms, [] { return false; }))); }),
        reason::normal);
    EXPECT_FALSE(read_timer(timer));
    EXPECT_EQ(shared.use_count(), 1);
  });
}

TEST(send_after, pending_at_the_end_is_destroyed) {
  const auto shared = std::make_shared<int>(1);
  in_every_mode([&] {
    for (int i = 0; i < 10; ++i) send_after(1000h, self(), unsafe_share<int>(shared));
    EXPECT_EQ(shared.use_count(), 11);
  });
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(cancel_timer, tells_the_time_left_and_stops_the_timer) {
  in_every_mode([] {
    const timer_ref timer = send_after(1h, self(), tick{1});
    const auto left = cancel_timer(timer);
    ASSERT_TRUE(left);
    EXPECT_GT(*left, 0ns);
    EXPECT_LE(*left, 1h);
    EXPECT_FALSE(cancel_timer(timer));
    EXPECT_FALSE(read_timer(timer));
  });
}

TEST(cancel_timer, finds_nothing_when_it_has_fired_or_never_was) {
  in_every_mode([] {
    const timer_ref timer = send_after(0ns, self(), tick{1});
    receive<tick>();
    EXPECT_FALSE(cancel_timer(timer));
    EXPECT_FALSE(cancel_timer(timer_ref()));
    EXPECT_FALSE(read_timer(timer_ref()));
  });
}

TEST(cancel_timer, works_from_another_process_on_another_scheduler) {
  in_every_mode([] {
    for (int i = 0; i < 20; ++i) {
      const timer_ref timer = send_after(1h, self(), tick{1});
      spawn_options elsewhere;
      elsewhere.scheduler = scheduler_count() - 1;
      spawn(
          elsewhere, [](pid to, timer_ref which) { send(to, cancel_timer(which).has_value()); }, self(), timer);
      EXPECT_TRUE(receive<bool>());
      EXPECT_FALSE(cancel_timer(timer));
    }
    EXPECT_TRUE(none_left<tick>());
  });
}

// Either it was stopped and nothing comes, or it was too late and the message comes: exactly one of the two.
TEST(cancel_timer, that_races_with_the_firing_is_exact) {
  int stopped = 0, fired = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    for (int i = 0; i < 200; ++i) {
      const timer_ref timer = send_after(nanoseconds(i % 10 * 2'000), self(), tick{i});
      spawn(
          [](pid to, timer_ref which, int turns) {
            for (int turn = 0; turn < turns; ++turn) yield();
            if (turns == 0) sleep_for(30us);
            send(to, cancel_timer(which).has_value());
          },
          self(), timer, i % 3);
      if (receive<bool>()) {
        ++stopped;
        EXPECT_TRUE(none_left<tick>());
      } else {
        ++fired;
        EXPECT_EQ(receive<tick>().number, i);
      }
    }
    EXPECT_FALSE(receive<tick>(1ms));
  });
  EXPECT_GT(stopped, 0);
  EXPECT_GT(fired, 0);
}

TEST(read_timer, tells_what_is_left_and_stops_nothing) {
  in_every_mode([] {
    const timer_ref timer = send_after(2ms, self(), tick{1});
    const auto left = read_timer(timer);
    if (left) {
      EXPECT_LE(*left, 2ms);
    }
    EXPECT_EQ(receive<tick>().number, 1);
    EXPECT_FALSE(read_timer(timer));
  });
}

// One in ten fires, soon; the others, far apart, are cancelled. All are pending when the first is.
void set_and_cancel(int count) {
  std::vector<timer_ref> timers;
  timers.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    timers.push_back(send_after(i % 10 == 0 ? nanoseconds(1ms) : nanoseconds(1h) + i * 1us, self(), tick{i}));
  }
  int stopped = 0;
  for (int i = 0; i < count; ++i) {
    if (i % 10 != 0) stopped += cancel_timer(timers[static_cast<std::size_t>(i)]).has_value();
  }
  EXPECT_EQ(stopped, count / 10 * 9);
  const std::int64_t left = count / 10;
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < left; ++i) total += receive<tick>().number;
  EXPECT_EQ(total, 10 * left * (left - 1) / 2);
  EXPECT_TRUE(none_left<tick>());
}

TEST(timers, a_hundred_thousand_pending_are_cancelled_or_fire_as_asked) {
  for (const mode& how : {mode{1, {}}, mode{2, {}}, mode{1, 1}}) {
    in_mode(how, [] { set_and_cancel(100'000); });
  }
}

#if !defined(MOTE_ASAN) && !defined(MOTE_TSAN)

TEST(timers, a_million_pending_are_cancelled_or_fire_as_asked) {
  in_mode({2, {}}, [] { set_and_cancel(1'000'000); });
}

#endif

TEST(sleep_for, is_never_early_and_leaves_messages_where_they_are) {
  in_every_mode([] {
    send(self(), tick{1});
    const pid chatter = spawn(
        [](pid to) {
          for (int i = 2; i < 20; ++i) {
            send(to, tick{i});
            yield();
          }
        },
        self());
    const auto begun = now();
    sleep_for(2ms);
    EXPECT_GE(now() - begun, 2ms);
    end_of(chatter);
    for (int i = 1; i < 20; ++i) EXPECT_EQ(receive<tick>().number, i);
  });
}

TEST(sleep_for, of_no_time_only_yields) {
  in_every_mode([] {
    const auto begun = now();
    sleep_for(0ns);
    sleep_for(-1h);
    sleep_for(nanoseconds::min());
    sleep_until(now());
    sleep_until(now() - 1h);
    sleep_until(std::chrono::steady_clock::time_point::min());
    EXPECT_GE(now(), begun);
  });
}

TEST(sleep_for, of_the_longest_time_can_be_ended) {
  in_every_mode([] {
    for (const bool until_end : {false, true}) {
      const auto [child, watch] = spawn_monitor(
          [](bool way) {
            if (way) {
              sleep_until(std::chrono::steady_clock::time_point::max());
            } else {
              sleep_for(nanoseconds::max());
            }
          },
          until_end);
      until_waiting(child);
      EXPECT_TRUE(is_alive(child));
      exit(child, reason::shutdown);
      EXPECT_EQ(news_of(watch), reason::shutdown);
    }
  });
}

TEST(sleep_until, is_never_early) {
  in_every_mode([] {
    const auto when = now() + 1ms;
    sleep_until(when);
    EXPECT_GE(now(), when);
  });
}

TEST(sleep_for, traps_an_exit_and_sleeps_on) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          trap_exit(true);
          send(to, go{});
          const auto begun = now();
          sleep_for(3ms);
          EXPECT_GE(now() - begun, 3ms);
          EXPECT_EQ(receive<exited>(0ns)->why, reason::shutdown);
        },
        self());
    receive<go>();
    exit(child, reason::shutdown);
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(now, never_goes_back) {
  in_every_mode([] {
    auto last = now();
    for (int i = 0; i < 1'000; ++i) {
      if (i % 10 == 0) yield();
      const auto next = now();
      EXPECT_GE(next, last);
      last = next;
    }
  });
}

TEST(now, is_the_steady_clock_s_unless_virtual) {
  in_mode({2, {}}, [] {
    const auto before = std::chrono::steady_clock::now();
    const auto ours = now();
    EXPECT_LE(before, ours);
    EXPECT_LE(ours, std::chrono::steady_clock::now());
  });
  in_mode({1, 1}, [] {
    const auto outside = std::chrono::steady_clock::now();
    const auto begun = now();
    sleep_for(10'000h);  // takes no time at all
    EXPECT_GE(now() - begun, 10'000h);
    EXPECT_LT(std::chrono::steady_clock::now() - outside, 10'000h);
  });
}

TEST(timers, of_an_earlier_runtime_are_gone) {
  timer_ref pending;
  ref watch;
  in_mode({1, {}}, [&] {
    pending = send_after(std::chrono::hours(1), self(), 1);
    watch = monitor(spawn([] { wait_for_ever(); }));
  });
  in_mode({1, {}}, [&] {
    const timer_ref own = send_after(std::chrono::hours(1), self(), 1);
    EXPECT_NE(own, pending);
    EXPECT_FALSE(read_timer(pending).has_value());
    EXPECT_FALSE(cancel_timer(pending).has_value());
    EXPECT_TRUE(read_timer(own).has_value());
    const ref later = monitor(spawn([] { wait_for_ever(); }));
    EXPECT_NE(later, watch);
    EXPECT_FALSE(demonitor(watch));
    EXPECT_TRUE(demonitor(later));
  });
}

}  // namespace
}  // namespace mote::test
