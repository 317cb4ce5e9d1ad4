// Messages and signals between two processes arrive in the order sent. Bar 7: of three messages, an exit, and three more,
// exactly the first three may be seen.
#include "tests/in_process.hpp"

#include <atomic>

namespace mote::test {
namespace {

struct number {
  int value;
};
struct ready {};

std::atomic<int> seen[8];

void count_what_is_seen(pid to, int work) {
  send(to, ready{});
  for (int expected = 1;; ++expected) {
    const int value = receive<number>().value;
    EXPECT_EQ(value, expected);
    ++seen[value];
    for (int turn = 0; turn < work; ++turn) yield();
  }
}

// How much the receiver saw before the exit took effect; some: the exit came in the middle.
struct tally {
  int none = 0, some = 0, all = 0;
};

void one_race(tally& result, int variant) {
  for (auto& one : seen) one = 0;
  spawn_options where;
  if (variant % 3 == 1) where.scheduler = scheduler_count() - 1;
  if (variant % 3 == 2) where.scheduler = 0;
  const auto [child, watch] = spawn_monitor(where, count_what_is_seen, self(), variant % 4);
  receive<ready>();
  const int pause_after = variant % 8;  // which of the seven the sender pauses after; 0: none
  for (int sent = 1; sent <= 7; ++sent) {
    if (sent == 4) {
      exit(child, reason::shutdown);
    } else {
      send(child, number{sent < 4 ? sent : sent - 1});
    }
    if (sent == pause_after) {
      for (int turn = 0; turn <= variant / 8 % 4 * 5; ++turn) yield();
    }
  }
  EXPECT_EQ(news_of(watch), reason::shutdown);
  int count = 0;
  for (int value = 1; value <= 3; ++value) count += seen[value];
  for (int value = 4; value <= 6; ++value) EXPECT_EQ(seen[value], 0) << value << " was sent after the exit";
  ++(count == 0 ? result.none : count == 3 ? result.all : result.some);
}

TEST(signal_order, of_messages_around_an_exit_only_those_before_it_are_seen) {
  tally real, deterministic;
  for (const unsigned schedulers : {1u, 2u}) {
    in_mode({schedulers, {}}, [&] {
      for (int i = 0; i < 500; ++i) one_race(real, i);
    });
  }
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    in_mode({1, seed}, [&] { one_race(deterministic, static_cast<int>(seed)); });
  }
  for (const tally& result : {real, deterministic}) {
    EXPECT_GT(result.some, 0) << "the race was not hit";
    EXPECT_GT(result.all, 0);
  }
}

TEST(signal_order, trapped_exit_comes_between_the_messages_it_was_sent_between) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          trap_exit(true);
          send(to, ready{});
          std::vector<int> order;
          while (order.size() < 9) {
            receive([&](number n) { order.push_back(n.value); }, [&](const exited&) { order.push_back(0); });
            if (order.size() % 2 == 1) yield();
          }
          send(to, order);
        },
        self());
    receive<ready>();
    for (int round = 0; round < 3; ++round) {
      send(child, number{1});
      exit(child, reason::shutdown);
      send(child, number{2});
      if (round == 1) until_waiting(child);
    }
    EXPECT_EQ(receive<std::vector<int>>(), (std::vector<int>{1, 0, 2, 1, 0, 2, 1, 0, 2}));
  });
}

TEST(signal_order, link_then_exit_then_message) {
  in_every_mode([] {
    for (int i = 0; i < 50; ++i) {
      const auto [child, watch] = spawn_monitor(
          [](pid to) {
            trap_exit(true);
            send(to, ready{});
            EXPECT_EQ(receive<exited>().why, reason::timeout);
            EXPECT_EQ(receive<number>(std::chrono::nanoseconds(0)).value_or(number{-1}).value, -1);
          },
          self());
      receive<ready>();
      EXPECT_EQ(outcome(
                    [](pid peer) {
                      link(peer);
                      exit(reason::timeout);
                    },
                    child),
                reason::timeout);
      EXPECT_EQ(news_of(watch), reason::normal);
    }
  });
}

TEST(signal_order, of_a_monitor_and_a_demonitor_is_kept) {
  in_every_mode([] {
    for (int i = 0; i < 100; ++i) {
      const auto [child, watch] = spawn_monitor([] { receive<number>(); });
      for (int turns = 0; turns < 5; ++turns) {
        const ref other = monitor(child);
        if (turns % 2 == 1) yield();
        EXPECT_TRUE(demonitor(other));
      }
      send(child, number{0});
      EXPECT_EQ(news_of(watch), reason::normal);
      EXPECT_TRUE(none_left<down>());
    }
  });
}

}  // namespace
}  // namespace mote::test
