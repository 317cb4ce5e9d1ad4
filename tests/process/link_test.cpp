// Links: symmetric, at most one between two, and each end told exactly once, whatever crosses on the way.
#include "tests/in_process.hpp"

#include <atomic>
#include <thread>
#include <utility>

namespace mote::test {
namespace {

struct go {};
struct ready {
  pid from;
};

void wait_for_go() { receive<go>(); }

TEST(link, ends_the_other_with_the_same_reason) {
  in_every_mode([] {
    const auto [upper, upper_watch] = spawn_monitor(
        [](pid to) {
          send(to, ready{spawn_link([] { wait_for_ever(); })});
          wait_for_ever();
        },
        self());
    const pid lower = receive<ready>().from;
    const ref lower_watch = monitor(lower);
    exit(upper, reason::error("above"));
    EXPECT_EQ(news_of(upper_watch), reason::error("above"));
    EXPECT_EQ(news_of(lower_watch), reason::error("above"));
  });
}

TEST(link, works_in_both_directions) {
  in_every_mode([] {
    const auto [upper, upper_watch] = spawn_monitor(
        [](pid to) {
          send(to, ready{spawn_link([] { wait_for_ever(); })});
          wait_for_ever();
        },
        self());
    const pid lower = receive<ready>().from;
    exit(lower, reason::error("below"));
    EXPECT_EQ(news_of(upper_watch), reason::error("below"));
    EXPECT_FALSE(is_alive(upper));
  });
}

TEST(link, does_nothing_when_the_other_ends_normally) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([] { wait_for_go(); });
    link(child);
    send(child, go{});
    EXPECT_EQ(news_of(watch), reason::normal);
    checkpoint();
    EXPECT_FALSE(unlink(child));
  });
}

TEST(link, tells_a_process_that_traps_exits_of_a_normal_end) {
  in_every_mode([] {
    trap_exit(true);
    const pid child = spawn_link([] {});
    const exited news = receive<exited>();
    EXPECT_EQ(news.from, child);
    EXPECT_EQ(news.why, reason::normal);
    EXPECT_TRUE(none_left<exited>());
  });
}

TEST(link, asked_for_twice_is_one_link) {
  in_every_mode([] {
    trap_exit(true);
    const pid child = spawn_link([] { wait_for_go(); });
    link(child);
    link(child);
    EXPECT_EQ(info(self())->links, 1u);
    send(child, go{});
    receive<exited>();
    EXPECT_FALSE(is_alive(child));
    EXPECT_TRUE(none_left<exited>());
  });
}

TEST(link, to_oneself_is_none) {
  in_every_mode([] {
    link(self());
    EXPECT_EQ(info(self())->links, 0u);
    EXPECT_FALSE(unlink(self()));
  });
}

TEST(link, to_a_process_that_has_ended_brings_noproc) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([] {});
    news_of(watch);
    EXPECT_EQ(outcome(
                  [](pid dead) {
                    link(dead);
                    wait_for_ever();
                  },
                  child),
              reason::noproc);
    trap_exit(true);
    link(child);
    const exited news = receive<exited>();
    EXPECT_EQ(news.from, child);
    EXPECT_EQ(news.why, reason::noproc);
    EXPECT_EQ(info(self())->links, 0u);
  });
}

TEST(link, of_nobody_is_a_mistake) {
  in_every_mode([] {
    EXPECT_THROW(link(pid()), usage_error);
    EXPECT_THROW(unlink(pid()), usage_error);
  });
}

// The other end may be on its way out, or gone: whatever it is, exactly one signal comes.
TEST(link, that_races_with_an_end_brings_exactly_one_signal) {
  int found_alive = 0, found_dead = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    trap_exit(true);
    for (int i = 0; i < 500; ++i) {
      const pid child = spawn(
          [](int turns) {
            for (int turn = 0; turn < turns; ++turn) yield();
            exit(reason::timeout);
          },
          i % 5);
      for (int turn = 0; turn < i % 3; ++turn) yield();
      link(child);
      const exited news = receive<exited>();
      EXPECT_EQ(news.from, child);
      EXPECT_TRUE(news.why == reason::timeout || news.why == reason::noproc) << news.why;
      ++(news.why == reason::timeout ? found_alive : found_dead);
    }
    EXPECT_TRUE(none_left<exited>());
    EXPECT_EQ(info(self())->links, 0u);
  });
  EXPECT_GT(found_alive, 0);
  EXPECT_GT(found_dead, 0);
}

TEST(link, asked_for_by_both_at_once_is_one_link) {
  in_every_mode([] {
    trap_exit(true);
    for (int i = 0; i < 200; ++i) {
      const pid child = spawn(
          [](pid peer) {
            link(peer);
            wait_for_go();
          },
          self());
      if (i % 2 == 1) yield();
      link(child);
      send(child, go{});
      EXPECT_EQ(receive<exited>().from, child);
      EXPECT_TRUE(none_left<exited>());
      EXPECT_EQ(info(self())->links, 0u);
    }
  });
}

TEST(unlink, tells_whether_there_was_a_link_and_removes_both_ends) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([] { wait_for_go(); });
    EXPECT_FALSE(unlink(child));
    link(child);
    EXPECT_TRUE(unlink(child));
    EXPECT_FALSE(unlink(child));
    exit(child, reason::error("alone"));
    EXPECT_EQ(news_of(watch), reason::error("alone"));
    checkpoint();
  });
}

TEST(unlink, keeps_out_a_signal_that_is_on_its_way) {
  int late = 0, early = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    trap_exit(true);
    for (int i = 0; i < 500; ++i) {
      const pid child = spawn_link(
          [](int turns) {
            for (int turn = 0; turn < turns; ++turn) yield();
            exit(reason::timeout);
          },
          i % 4);
      for (int turn = 0; turn < i % 3; ++turn) yield();
      if (unlink(child)) {
        ++early;
        end_of(child);
        EXPECT_TRUE(none_left<exited>());
      } else {
        ++late;
        EXPECT_EQ(receive<exited>().why, reason::timeout);
      }
    }
    EXPECT_EQ(info(self())->links, 0u);
  });
  EXPECT_GT(early, 0);
  EXPECT_GT(late, 0);
}

TEST(unlink, and_link_again_is_a_link) {
  in_every_mode([] {
    trap_exit(true);
    for (int i = 0; i < 100; ++i) {
      const pid child = spawn_link([] { wait_for_go(); });
      for (int again = 0; again < 1 + i % 3; ++again) {
        EXPECT_TRUE(unlink(child));
        link(child);
      }
      EXPECT_EQ(info(self())->links, 1u);
      send(child, go{});
      EXPECT_EQ(receive<exited>().from, child);
      EXPECT_TRUE(none_left<exited>());
      EXPECT_EQ(info(self())->links, 0u);
    }
  });
}

// Both sides link and unlink as they like; both agree in the end, and nothing stays behind.
void quarrel(pid to, pid peer, int seed) {
  trap_exit(true);
  std::uint32_t state = static_cast<std::uint32_t>(seed) * 2654435761u;
  for (int i = 0; i < 40; ++i) {
    state = state * 1664525u + 1013904223u;
    switch (state >> 30) {
      case 0:
        link(peer);
        break;
      case 1:
        unlink(peer);
        break;
      default:
        yield();
    }
  }
  send(to, ready{self()});
  receive<go>();
  receive<go>();
}

TEST(unlink, and_links_that_cross_end_in_agreement) {
  struct partner {
    pid whom;
  };
  int linked = 0, apart = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    for (int round = 0; round < 40; ++round) {
      const auto body = [](pid to, int seed) { quarrel(to, receive<partner>().whom, seed); };
      const auto [a, a_watch] = spawn_monitor(body, self(), 2 * round);
      const auto [b, b_watch] = spawn_monitor(body, self(), 2 * round + 1);
      send(a, partner{b});
      send(b, partner{a});
      receive<ready>();
      receive<ready>();
      for (const pid one : {a, b}) send(one, go{});
      for (const pid one : {a, b, a, b}) until_waiting(one);  // an answer to an unlink may still be on its way
      EXPECT_EQ(info(a)->links, info(b)->links);
      const bool together = info(a)->links != 0;
      ++(together ? linked : apart);
      trap_exit(true);
      exit(a, reason::kill);
      EXPECT_EQ(news_of(a_watch), reason::killed);
      send(b, go{});
      EXPECT_EQ(news_of(b_watch), reason::normal);
    }
  });
  EXPECT_GT(linked, 0);
  EXPECT_GT(apart, 0);
}

// Bar 8, quickly: kill the root of a chain, and all die, each with the root's reason.
class link_chain : public ::testing::TestWithParam<int> {};

void chain_member(pid to, int left) {
  if (left > 1) {
    spawn_link(chain_member, to, left - 1);
  } else {
    send(to, ready{self()});
  }
  wait_for_ever();
}

TEST_P(link_chain, dies_as_a_whole) {
  const int length = GetParam();
  for (const mode& how : {mode{1, {}}, mode{2, {}}, mode{1, 1}, mode{1, 2}}) {
    crash_log crashes;
    in_mode(
        how,
        [length] {
          const std::size_t before = processes().size();
          const auto [root, watch] = spawn_monitor(chain_member, self(), length);
          const pid last = receive<ready>().from;
          const ref last_watch = monitor(last);
          EXPECT_EQ(processes().size(), before + static_cast<std::size_t>(length));
          kill(root);
          EXPECT_EQ(news_of(watch), reason::killed);
          EXPECT_EQ(news_of(last_watch), reason::killed);
          until([before] { return processes().size() == before; });
        },
        {}, crashes);
    EXPECT_TRUE(crashes.all().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(bar_8, link_chain, ::testing::Values(1, 2, 9, 10, 10'000));

TEST(link, those_that_have_ended_are_not_counted) {
  in_every_mode([] {
    for (int i = 0; i < 10; ++i) spawn_link([] {});
    until([] { return processes().size() == 1; });
    EXPECT_EQ(info(self())->links, 0u);
    const pid peer = spawn_link([] { wait_for_ever(); });
    EXPECT_EQ(info(self())->links, 1u);
    unlink(peer);
    EXPECT_EQ(info(self())->links, 0u);
    kill(peer);
  });
}

// Its mailbox is closed, but its end not told yet, while what lay in it is destroyed.
struct stops_the_end {
  stops_the_end() = default;
  stops_the_end(const stops_the_end&) = delete;
  stops_the_end(stops_the_end&& other) noexcept : mine(std::exchange(other.mine, false)) {}
  ~stops_the_end() {
    if (!mine) return;
    ending.store(true);
    while (!linked_again.load()) std::this_thread::yield();
  }
  bool mine = true;
  static inline std::atomic<bool> ending, linked_again;
};

}  // namespace
}  // namespace mote::test

template <>
struct mote::message_traits<mote::test::stops_the_end> {
  static constexpr bool owns_all = true;
};

namespace mote::test {
namespace {

TEST(link, again_to_a_peer_that_is_just_ending_brings_its_own_reason_once) {
  stops_the_end::ending = stops_the_end::linked_again = false;
  in_mode({2, {}}, [] {
    pin_to_scheduler(0);
    trap_exit(true);
    const pid peer = spawn({.scheduler = 1}, [] {
      receive<int>();
      exit(reason::timeout);
    });
    link(peer);
    send(peer, stops_the_end());
    send(peer, 1);
    until([] { return stops_the_end::ending.load(); });
    link(peer);
    stops_the_end::linked_again = true;
    EXPECT_EQ(receive<exited>().why, reason::timeout);
    until([] { return processes().size() == 1; });
    EXPECT_TRUE(none_left<exited>());
  });
}

}  // namespace
}  // namespace mote::test
