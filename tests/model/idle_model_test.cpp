// The claims of scheduler/idle.hpp under all short interleavings: schedulers that steal from one busy one's ring,
// park, and are woken, as scheduler/search.cpp does it. A wake-up that is lost shows as a deadlock.
#include <gtest/gtest.h>

#include <array>

#include "scheduler/idle.hpp"
#include "scheduler/steal_queue.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

struct group {
  static constexpr unsigned schedulers = 3;

  idle_set<1> idle;
  std::array<model::parker, schedulers> beds;
  steal_queue<int, 2> ring;
  std::array<int, 2> work{};

  void wake_one() {
    const std::int32_t who = idle.wake_one();
    if (who != idle_set<1>::nobody) beds[static_cast<std::size_t>(who)].unpark();
  }
  /// W1, by the busy scheduler.
  void submit(std::size_t which) {
    int* const item = &work[which];
    ring.push(&item, 1);
    wake_one();
  }
  bool steal() {
    int* item = nullptr;
    if (ring.steal(&item, 1) == 0) return false;
    ++*item;
    return true;
  }
  /// An idle scheduler, until it has got one piece of work. `searching`: it starts as one that was woken.
  void find_work(unsigned who, bool searching) {
    for (;;) {
      if (!searching) searching = idle.begin_search(schedulers);
      if (steal()) {
        if (searching && idle.found_work() && !ring.empty()) wake_one();  // W2
        return;
      }
      idle.park(who, searching);
      searching = false;
      if (ring.empty()) beds[who].park();
      if (!idle.unpark_self(who)) searching = true;  // W3
    }
  }
};

// W1 O1.
TEST(idle_model, work_submitted_while_the_only_idle_one_goes_to_sleep_is_found) {
  model::explore([](model::world& world) {
    group all;
    world.together([&] { all.submit(0); }, [&] { all.find_work(1, false); });
    EXPECT_EQ(all.work[0], 1);
  });
}

// W1 W2 W4: one wake-up for two pieces of work; the first finder has to pass it on.
TEST(idle_model, two_pieces_of_work_are_found_by_two_sleepers) {
  model::explore(
      [](model::world& world) {
        group all;
        world.together(
            [&] {
              all.submit(0);
              all.submit(1);
            },
            [&] { all.find_work(1, false); }, [&] { all.find_work(2, false); });
        EXPECT_EQ(all.work[0], 1);
        EXPECT_EQ(all.work[1], 1);
        EXPECT_EQ(all.idle.searching(), 0u);
        EXPECT_EQ(all.idle.parked(), 0u);
      },
      {.depth_first = {.stale_reads = 1}});
}

// W1 W4: while a waker has found out that nobody sleeps, it passes for a searcher; what is submitted then must not
// wait.
TEST(idle_model, a_waker_that_finds_nobody_to_wake_leaves_no_work_behind) {
  model::explore([](model::world& world) {
    group all;
    int* const first = &all.work[0];
    all.ring.push(&first, 1);
    all.idle.begin_search(group::schedulers);
    all.idle.park(2, false);
    world.together([&] { all.submit(1); }, [&] { all.find_work(1, true); },
                   [&] { all.find_work(2, !all.idle.unpark_self(2)); });  // as by a timer
    EXPECT_EQ(all.work[0] + all.work[1], 2);
  });
}

// W1 W4: the same, when the work is submitted by another than the waker, and the sleeper goes back to bed meanwhile.
TEST(idle_model, a_waker_that_finds_nobody_to_wake_looks_again_for_others) {
  model::explore([](model::world& world) {
    group all;
    all.idle.park(2, false);
    world.together([&] { all.submit(0); }, [&] { all.wake_one(); },
                   [&] { all.find_work(2, !all.idle.unpark_self(2)); });  // as by a timer
    EXPECT_EQ(all.work[0], 1);
  });
}

// W1 for work that only one scheduler may do, with the wake-up meant for it.
TEST(idle_model, a_scheduler_that_goes_to_sleep_finds_what_is_sent_to_it_alone) {
  model::explore([](model::world& world) {
    group all;
    atomic<bool> sent{false};
    world.together(
        [&] {
          sent.store(true, relaxed);
          if (all.idle.wake(1)) all.beds[1].unpark();
        },
        [&] {
          while (!sent.load(relaxed)) {
            all.idle.park(1, false);
            if (!sent.load(relaxed)) all.beds[1].park();
            if (!all.idle.unpark_self(1)) all.idle.found_work();
          }
        });
  });
}

// W3: the bit goes to the waker or to the parked one itself, never to both.
TEST(idle_model, a_parked_one_is_unparked_by_one_waker_or_by_itself) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    idle.park(5, false);
    std::int32_t first = idle_set<1>::nobody;
    bool second = false, itself = false;
    world.together([&] { first = idle.wake_one(); }, [&] { second = idle.wake(5); },
                   [&] { itself = idle.unpark_self(5); });
    EXPECT_EQ((first == 5) + second + itself, 1);
    EXPECT_EQ(idle.parked(), 0u);
    EXPECT_EQ(idle.searching(), itself ? 0u : 1u);
  });
}

// W4.
TEST(idle_model, two_wakers_wake_one_sleeper_between_them) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    idle.park(0, false);
    idle.park(1, false);
    std::int32_t first = 0, second = 0;
    world.together([&] { first = idle.wake_one(); }, [&] { second = idle.wake_one(); });
    EXPECT_EQ((first != idle_set<1>::nobody) + (second != idle_set<1>::nobody), 1);
    EXPECT_EQ(idle.searching(), 1u);
    EXPECT_EQ(idle.parked(), 1u);
  });
}

// W5: two of three go to work by themselves while the third sleeps. Each may take the other for the searcher, or for asleep,
// but not both: one of them wakes the third, or finds out by its look when it makes something ready.
TEST(idle_model, of_two_that_go_to_work_one_leaves_a_watch) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    idle.park(1, false);
    idle.park(2, false);
    idle.begin_search(group::schedulers);
    bool first = false, second = false;
    world.together([&] { first = idle.found_work() && idle.others_unwatched(group::schedulers); },
                   [&] {
                     idle.unpark_self(1);
                     second = idle.others_unwatched(group::schedulers) || idle.needs_watcher();
                   });
    EXPECT_TRUE(first || second) << "two are busy, one sleeps, and nobody watches";
  });
}

// W5: the same, when one of them was the watcher.
TEST(idle_model, a_watcher_that_goes_to_work_beside_another_leaves_a_watch) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    idle.park(1, false);
    idle.become_watcher(1, group::schedulers);
    idle.park(0, false);
    idle.park(2, false);
    bool first = false, second = false;
    world.together(
        [&] {
          idle.stop_watching();
          idle.unpark_self(1);
          first = idle.others_unwatched(group::schedulers);
        },
        [&] {
          idle.unpark_self(0);
          second = idle.others_unwatched(group::schedulers) || idle.needs_watcher();
        });
    EXPECT_TRUE(first || second) << "two are busy, one sleeps, and nobody watches";
  });
}

// W5: of two, one goes to sleep as the last while an outside thread wakes the other, which soon is busy.
TEST(idle_model, the_last_to_sleep_watches_or_the_newly_busy_one_asks_for_a_watcher) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    idle.park(1, false);
    bool watches = false, asks = false, woken = false;
    world.together(
        [&] {
          idle.park(0, false);
          watches = idle.become_watcher(0, 2);
        },
        [&] {
          woken = idle.wake(1);
          idle.found_work();
          asks = idle.needs_watcher();
        });
    EXPECT_TRUE(woken);
    EXPECT_TRUE(watches || asks || idle.parked() == 0) << "one is busy, one sleeps, and nobody watches";
  });
}

// W5: the waker of a sleeper is slow to count it as awake, while the sleeper is at work already and another goes to sleep.
TEST(idle_model, a_sleeper_at_work_before_its_waker_has_counted_it_is_watched) {
  model::explore([](model::world& world) {
    idle_set<1> idle;
    idle.park(0, false);
    std::int32_t first = idle_set<1>::nobody, second = idle_set<1>::nobody;
    bool watches = false;
    world.together([&] { first = idle.wake_one(); },
                   [&] {
                     if (!idle.unpark_self(0)) idle.found_work();
                     if (idle.needs_watcher()) second = idle.wake_one();
                   },
                   [&] {
                     idle.park(1, false);
                     watches = idle.become_watcher(1, 2);
                   });
    EXPECT_TRUE(watches || first == 1 || second == 1) << "one is busy, one sleeps, and nobody watches";
  });
}

}  // namespace
}  // namespace mote::detail
