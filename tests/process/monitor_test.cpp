// Monitors: one-sided, any number, exactly one `down` each.
#include "tests/in_process.hpp"

#include <algorithm>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct go {};
struct ready {};

void wait_for_go() { receive<go>(); }

TEST(monitor, tells_once_who_ended_and_why) {
  in_every_mode([] {
    const pid child = spawn([] {
      receive<go>();
      exit(reason::error("done for", 5));
    });
    const ref watch = monitor(child);
    EXPECT_EQ(info(self())->monitors, 1u);
    send(child, go{});
    const down news = receive<down>();
    EXPECT_EQ(news.monitor, watch);
    EXPECT_EQ(news.from, child);
    EXPECT_EQ(news.why, reason::error("done for", 5));
    EXPECT_FALSE(is_alive(child));
    EXPECT_TRUE(none_left<down>());
    EXPECT_EQ(info(self())->monitors, 0u);
  });
}

TEST(monitor, does_not_end_the_watcher_nor_tell_the_watched) {
  in_every_mode([] {
    const pid watched = spawn([] {
      trap_exit(true);
      receive<go>();
      EXPECT_TRUE(none_left<exited>());
      EXPECT_TRUE(none_left<down>());
    });
    const ref watch = monitor(watched);
    EXPECT_EQ(outcome(
                  [](pid whom) {
                    monitor(whom);
                    exit(reason::timeout);
                  },
                  watched),
              reason::timeout);
    send(watched, go{});
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(monitor, asked_for_several_times_brings_as_many_downs) {
  in_every_mode([] {
    const pid child = spawn(wait_for_go);
    std::vector<ref> watches;
    for (int i = 0; i < 20; ++i) watches.push_back(monitor(child));
    EXPECT_EQ(info(self())->monitors, 20u);
    send(child, go{});
    std::vector<ref> heard;
    for (int i = 0; i < 20; ++i) heard.push_back(receive<down>().monitor);
    std::sort(watches.begin(), watches.end());
    std::sort(heard.begin(), heard.end());
    EXPECT_EQ(heard, watches);
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(monitor, of_a_process_that_has_ended_brings_noproc_at_once) {
  in_every_mode([] {
    const auto [child, first] = spawn_monitor([] {});
    news_of(first);
    const ref watch = monitor(child);
    const auto news = receive<down>(0ns);
    ASSERT_TRUE(news);
    EXPECT_EQ(news->monitor, watch);
    EXPECT_EQ(news->from, child);
    EXPECT_EQ(news->why, reason::noproc);
    EXPECT_EQ(info(self())->monitors, 0u);
    EXPECT_FALSE(demonitor(watch));
  });
}

TEST(monitor, by_name_watches_who_has_it_now) {
  in_every_mode([] {
    const pid child = spawn({.name = "child"}, wait_for_go);
    const ref watch = monitor("child");
    unregister_name("child");
    send(child, go{});
    const down news = receive<down>();
    EXPECT_EQ(news.monitor, watch);
    EXPECT_EQ(news.from, child);
    EXPECT_EQ(news.why, reason::normal);
  });
}

TEST(monitor, of_a_name_that_nobody_has_brings_noproc_at_once) {
  in_every_mode([] {
    const ref watch = monitor("ada");
    const auto news = receive<down>(0ns);
    ASSERT_TRUE(news);
    EXPECT_EQ(news->monitor, watch);
    EXPECT_EQ(news->from, pid());
    EXPECT_EQ(news->why, reason::noproc);
    EXPECT_EQ(info(self())->monitors, 0u);
    EXPECT_FALSE(demonitor(watch));
  });
}

TEST(monitor, of_oneself_brings_nothing) {
  in_every_mode([] {
    monitor(self());
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(monitor, of_nobody_is_a_mistake) {
  in_every_mode([] { EXPECT_THROW(monitor(pid()), usage_error); });
}

TEST(monitor, that_races_with_an_end_brings_exactly_one_down) {
  int in_time = 0, too_late = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    for (int i = 0; i < 500; ++i) {
      const pid child = spawn(
          [](int turns) {
            for (int turn = 0; turn < turns; ++turn) yield();
            exit(reason::timeout);
          },
          i % 5);
      for (int turn = 0; turn < i % 3; ++turn) yield();
      const ref watch = monitor(child);
      const down news = receive<down>();
      EXPECT_EQ(news.monitor, watch);
      EXPECT_TRUE(news.why == reason::timeout || news.why == reason::noproc) << news.why;
      ++(news.why == reason::timeout ? in_time : too_late);
    }
    EXPECT_TRUE(none_left<down>());
  });
  EXPECT_GT(in_time, 0);
  EXPECT_GT(too_late, 0);
}

TEST(monitor, of_a_thousand_brings_a_thousand_downs) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (int i = 0; i < 1'000; ++i) watches.push_back(spawn_monitor([] { wait_for_ever(); }).monitor);
    EXPECT_EQ(info(self())->monitors, 1'000u);
    for (const pid one : processes()) {
      if (one != self()) kill(one);
    }
    std::vector<ref> heard;
    for (int i = 0; i < 1'000; ++i) {
      const down news = receive<down>();
      EXPECT_EQ(news.why, reason::killed);
      heard.push_back(news.monitor);
    }
    std::sort(watches.begin(), watches.end());
    std::sort(heard.begin(), heard.end());
    EXPECT_EQ(heard, watches);
  });
}

TEST(monitor, is_forgotten_by_the_watched_when_the_watcher_ends) {
  in_every_mode([] {
    const pid watched = spawn([] { wait_for_ever(); });
    for (int i = 0; i < 100; ++i) {
      EXPECT_EQ(outcome([](pid whom) { monitor(whom); }, watched), reason::normal);
    }
    const ref watch = monitor(watched);
    kill(watched);
    EXPECT_EQ(news_of(watch), reason::killed);
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(demonitor, tells_whether_the_monitor_was_in_force) {
  in_every_mode([] {
    const pid child = spawn(wait_for_go);
    const ref watch = monitor(child);
    EXPECT_TRUE(demonitor(watch));
    EXPECT_FALSE(demonitor(watch));
    EXPECT_FALSE(demonitor(ref()));
    EXPECT_EQ(info(self())->monitors, 0u);
    send(child, go{});
    end_of(child);
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(demonitor, undoes_one_monitor_of_several) {
  in_every_mode([] {
    const pid child = spawn(wait_for_go);
    const ref first = monitor(child), second = monitor(child), third = monitor(child);
    EXPECT_TRUE(demonitor(second));
    send(child, go{});
    EXPECT_EQ(news_of(first), reason::normal);
    EXPECT_EQ(news_of(third), reason::normal);
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(demonitor, leaves_a_down_that_has_come_unless_it_flushes) {
  in_every_mode([] {
    const auto [kept, kept_watch] = spawn_monitor([] {});
    const auto [dropped, dropped_watch] = spawn_monitor([] {});
    end_of(kept);
    end_of(dropped);
    EXPECT_FALSE(demonitor(kept_watch));
    EXPECT_FALSE(demonitor(dropped_watch, true));
    const auto news = receive<down>(0ns);
    ASSERT_TRUE(news);
    EXPECT_EQ(news->monitor, kept_watch);
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(demonitor, flushes_the_noproc_of_one_that_had_ended) {
  in_every_mode([] {
    const auto [child, first] = spawn_monitor([] {});
    news_of(first);
    const ref watch = monitor(child);
    EXPECT_FALSE(demonitor(watch, true));
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(demonitor, with_flush_leaves_no_down_whatever_races) {
  int in_time = 0, too_late = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    for (int i = 0; i < 500; ++i) {
      const auto [child, watch] = spawn_monitor(
          [](int turns) {
            for (int turn = 0; turn < turns; ++turn) yield();
          },
          i % 4);
      for (int turn = 0; turn < i % 3; ++turn) yield();
      ++(demonitor(watch, true) ? in_time : too_late);
      end_of(child);
      EXPECT_TRUE(none_left<down>());
    }
    EXPECT_EQ(info(self())->monitors, 0u);
  });
  EXPECT_GT(in_time, 0);
  EXPECT_GT(too_late, 0);
}

TEST(demonitor, takes_nothing_else_out_of_the_mailbox) {
  in_every_mode([] {
    send(self(), go{});
    const auto [child, watch] = spawn_monitor([] {});
    send(self(), ready{});
    end_of(child);
    demonitor(watch, true);
    receive([](go) {}, [](ready) { ADD_FAILURE() << "out of order"; });
    receive<ready>();
  });
}

// The order of the end: the name is free, then the news is out, then the process is not found any more.
TEST(down, comes_when_the_name_is_free) {
  spawn_options named;
  named.name = "the one";
  in_every_mode([&] {
    for (int i = 0; i < 300; ++i) {
      spawn_monitor(named, [] { yield(); });
      receive<down>();
      EXPECT_EQ(whereis("the one"), pid());
    }
  });
}

TEST(down, is_there_when_info_does_not_find_the_process_any_more) {
  in_every_mode([] {
    for (int i = 0; i < 300; ++i) {
      const pid child = spawn_monitor([] {}).process;
      until([who = child] { return !info(who); });
      EXPECT_TRUE(receive<down>(0ns));
    }
  });
}

TEST(down, comes_after_all_that_the_process_had_sent) {
  in_every_mode([] {
    for (int i = 0; i < 100; ++i) {
      spawn_monitor(
          [](pid to) {
            for (int n = 0; n < 10; ++n) send(to, n);
          },
          self());
      for (int n = 0; n < 10; ++n) {
        receive([n](int got) { EXPECT_EQ(got, n); }, [](const down&) { ADD_FAILURE() << "the news overtook"; });
      }
      receive<down>();
    }
  });
}

}  // namespace
}  // namespace mote::test
