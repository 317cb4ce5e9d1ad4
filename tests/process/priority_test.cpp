// Who runs when and where: priorities, fairness, pinning.
#include "tests/in_process.hpp"

#include <algorithm>

namespace mote::test {
namespace {

struct go {};
struct turn {
  int who;
};

spawn_options with_priority(priority value) {
  spawn_options given;
  given.prio = value;
  return given;
}

TEST(priority, is_told_and_changed) {
  in_every_mode([] {
    EXPECT_EQ(info(self())->prio, priority::normal);
    EXPECT_EQ(set_priority(priority::low), priority::normal);
    EXPECT_EQ(info(self())->prio, priority::low);
    EXPECT_EQ(set_priority(priority::high), priority::low);
    EXPECT_EQ(set_priority(priority::normal), priority::high);
    const pid child = spawn(with_priority(priority::high), [] { receive<go>(); });
    EXPECT_EQ(info(child)->prio, priority::high);
    EXPECT_THROW(set_priority(static_cast<priority>(3)), usage_error);
    EXPECT_EQ(info(self())->prio, priority::normal);
  });
}

// On one scheduler and within one slice: the turns that are kept for the lower ones do not come into it.
TEST(priority, high_goes_before_normal_before_low) {
  in_mode({1, {}}, [] {
    std::vector<pid> runners;
    const auto runner = [](pid to, int who) {
      receive<go>();
      send(to, turn{who});
    };
    for (const priority value : {priority::low, priority::normal, priority::high}) {
      for (int i = 0; i < 3; ++i) {
        runners.push_back(spawn(with_priority(value), runner, self(), static_cast<int>(value)));
      }
    }
    for (const pid one : runners) until_waiting(one);
    set_priority(priority::high);
    // All are made ready while this one does not let go; then the queue decides.
    const pid starter = spawn(
        with_priority(priority::high),
        [](std::vector<pid> all) {
          for (const pid one : all) send(one, go{});
        },
        runners);
    end_of(starter);
    set_priority(priority::low);
    std::vector<int> order;
    for (int i = 0; i < 9; ++i) order.push_back(receive<turn>().who);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << ::testing::PrintToString(order);
  });
}

TEST(priority, low_is_not_starved_by_high) {
  in_every_mode([] {
    spawn_options low = with_priority(priority::low), high = with_priority(priority::high);
    low.scheduler = high.scheduler = 0;
    set_priority(priority::high);
    std::vector<pid> hogs;
    for (int i = 0; i < 3; ++i) {
      hogs.push_back(spawn(high, [] {
        for (;;) yield();
      }));
    }
    EXPECT_EQ(outcome([] {}), reason::normal);
    const auto [slow, watch] = spawn_monitor(low, [] {
      for (int i = 0; i < 100; ++i) yield();
    });
    EXPECT_EQ(news_of(watch), reason::normal);
    for (const pid one : hogs) kill(one);
  });
}

TEST(fairness, two_that_wake_each_other_do_not_starve_a_third) {
  in_every_mode([] {
    spawn_options here;
    here.scheduler = 0;
    const auto player = [](pid first) {
      pid peer = first ? first : receive<pid>();
      if (first) send(peer, self());
      if (first) send(peer, go{});
      for (;;) {
        receive<go>();
        send(peer, go{});
      }
    };
    const pid one = spawn(here, player, pid());
    const pid two = spawn(here, player, one);
    const auto [third, watch] = spawn_monitor(here, [] {
      for (int i = 0; i < 50; ++i) yield();
    });
    EXPECT_EQ(news_of(watch), reason::normal);
    kill(one);
    kill(two);
  });
}

TEST(fairness, one_that_sends_without_end_does_not_starve_another) {
  in_every_mode([] {
    spawn_options here;
    here.scheduler = 0;
    const pid sink = spawn(here, [] {
      for (;;) receive<go>();
    });
    const pid hog = spawn(
        here,
        [](pid to) {
          for (;;) {
            send(to, go{});
            checkpoint();
          }
        },
        sink);
    const auto [other, watch] = spawn_monitor(here, [] {
      for (int i = 0; i < 50; ++i) yield();
    });
    EXPECT_EQ(news_of(watch), reason::normal);
    kill(hog);
    kill(sink);
  });
}

TEST(fairness, one_that_spawns_without_end_does_not_starve_another) {
  in_every_mode([] {
    spawn_options here;
    here.scheduler = 0;
    const pid hog = spawn(here, [] {
      for (;;) {
        spawn([] {});
        checkpoint();
      }
    });
    const auto [other, watch] = spawn_monitor(here, [] {
      for (int i = 0; i < 50; ++i) yield();
    });
    EXPECT_EQ(news_of(watch), reason::normal);
    kill(hog);
  });
}

TEST(pinning, keeps_a_process_where_it_belongs) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (unsigned where = 0; where < scheduler_count(); ++where) {
      spawn_options there;
      there.scheduler = where;
      for (int i = 0; i < 10; ++i) {
        watches.push_back(spawn_monitor(
                              there,
                              [](unsigned expected) {
                                for (int turns = 0; turns < 200; ++turns) {
                                  EXPECT_EQ(current_scheduler(), expected);
                                  if (turns % 3 == 0) yield();
                                  if (turns % 7 == 0) receive<go>(std::chrono::microseconds(1));
                                }
                              },
                              where)
                              .monitor);
      }
    }
    for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(pinning, moves_the_caller_at_once_and_can_be_undone) {
  in_every_mode([] {
    const unsigned last = scheduler_count() - 1;
    for (int i = 0; i < 50; ++i) {
      const unsigned there = i % 2 == 0 ? last : 0;
      pin_to_scheduler(there);
      EXPECT_EQ(current_scheduler(), there);
      yield();
      EXPECT_EQ(current_scheduler(), there);
    }
    pin_to_scheduler(std::nullopt);
    EXPECT_LT(current_scheduler(), scheduler_count());
    EXPECT_THROW(pin_to_scheduler(scheduler_count()), usage_error);
  });
}

TEST(pinning, does_not_keep_messages_from_arriving_in_order) {
  in_every_mode([] {
    spawn_options far;
    far.scheduler = scheduler_count() - 1;
    pin_to_scheduler(0);
    const auto [child, watch] = spawn_monitor(far, [] {
      for (int i = 0; i < 2'000; ++i) EXPECT_EQ(receive<turn>().who, i);
    });
    for (int i = 0; i < 2'000; ++i) send(child, turn{i});
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(schedulers, are_as_many_as_asked_for) {
  for (const unsigned count : {1u, 2u, 5u}) {
    in_mode({count, {}}, [count] {
      EXPECT_EQ(scheduler_count(), count);
      EXPECT_LT(current_scheduler(), count);
    });
  }
}

// Work made on one scheduler is taken by another that has none: two that can only end together do.
TEST(schedulers, share_work) {
  in_mode({2, {}}, [] {
    static std::atomic<int> inside{0};
    inside = 0;
    std::vector<ref> watches;
    for (int i = 0; i < 2; ++i) {
      watches.push_back(spawn_monitor([] {
                          ++inside;
                          while (inside < 2) {}  // calls nothing: the other has to run elsewhere
                        }).monitor);
    }
    for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
  });
}

}  // namespace
}  // namespace mote::test
