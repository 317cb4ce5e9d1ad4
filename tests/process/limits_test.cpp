// What happens at the limits: nothing is lost, and the error names the limit.
#include "tests/in_process.hpp"

#include <cerrno>
#include <stdexcept>

namespace mote::test {
namespace {

struct go {};

TEST(process_table, full_is_said_and_nothing_is_lost) {
  options few;
  few.max_processes = 100;
  in_every_mode(
      [] {
        std::vector<pid> held;
        std::string text;
        try {
          for (int i = 0; i < 200; ++i) held.push_back(spawn([] { receive<go>(); }));
        } catch (const system_limit& full) {
          text = full.what();
          EXPECT_EQ(full.code(), std::errc::resource_unavailable_try_again);
        }
        EXPECT_NE(text.find("100"), std::string::npos) << text;
        EXPECT_NE(text.find("max_processes"), std::string::npos) << text;
        EXPECT_LE(held.size(), 100u);
        EXPECT_EQ(processes().size(), held.size() + 1);
        EXPECT_THROW(spawn_monitor([] {}), system_limit);
        EXPECT_THROW(spawn_link([](std::string) {}, "text"), system_limit);
        EXPECT_EQ(info(self())->monitors, 0u);
        EXPECT_EQ(info(self())->links, 0u);
        std::vector<ref> watches;
        for (const pid one : held) watches.push_back(monitor(one));
        for (const pid one : held) send(one, go{});
        for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
        for (int i = 0; i < 300; ++i) EXPECT_EQ(outcome([] {}), reason::normal);
      },
      few);
}

// One slot is the runtime's own, one the first process's.
TEST(process_table, holds_as_many_as_it_says_again_and_again) {
  options few;
  few.max_processes = 100;
  for (const mode& how : every_mode()) {
    in_mode(
        how,
        [] {
          for (int round = 0; round < 10; ++round) {
            std::vector<std::pair<pid, ref>> held;
            for (int i = 0; i < 98; ++i) {
              const auto [child, watch] = spawn_monitor([] { receive<go>(); });
              held.emplace_back(child, watch);
            }
            for (const auto& [child, watch] : held) send(child, go{});
            for (const auto& [child, watch] : held) EXPECT_EQ(news_of(watch), reason::normal);
          }
        },
        few);
  }
}

// Whoever has the free slots: those that one scheduler's processes gave back serve the other's.
TEST(process_table, is_full_only_when_as_many_are_alive_whichever_scheduler_had_their_slots) {
  options few;
  few.max_processes = 100;
  in_mode(
      {2, {}},
      [] {
        for (unsigned where = 0; where < 6; ++where) {
          pin_to_scheduler(where % 2);
          std::vector<monitored> held;
          for (int i = 0; i < 98; ++i) held.push_back(spawn_monitor([] { receive<go>(); }));
          EXPECT_THROW(spawn([] {}), system_limit);
          for (const auto& [child, watch] : held) send(child, go{});
          for (const auto& [child, watch] : held) EXPECT_EQ(news_of(watch), reason::normal);
          until([] { return processes().size() == 1; });
        }
      },
      few);
}

TEST(process_table, left_full_makes_the_limit_the_exit_reason) {
  options few;
  few.max_processes = 32;
  in_every_mode(
      [] {
        const reason why = outcome([] {
          for (;;) spawn_link([] { receive<go>(); });
        });
        EXPECT_EQ(why.kind(), reason_kind::error);
        EXPECT_EQ(why.type(), "mote::system_limit");
        EXPECT_EQ(why.code(), EAGAIN);
      },
      few);
}

// Every process spawned is told of, by its own end or by the reason that there is no stack for it.
TEST(stacks, used_up_end_the_process_that_gets_none_with_a_reason) {
  options tiny;
  tiny.arena_bytes = std::size_t{64} << 20;
  in_every_mode(
      [] {
        std::vector<std::pair<pid, ref>> children;
        for (int i = 0; i < 1'000; ++i) {
          const auto [child, watch] = spawn_monitor(
              [](pid to) {
                send(to, go{});
                receive<go>();
              },
              self());
          children.emplace_back(child, watch);
        }
        int running = 0, refused = 0;
        while (running + refused < 1'000) {
          receive([&](go) { ++running; },
                  [&](const down& news) {
                    ++refused;
                    EXPECT_EQ(news.why.kind(), reason_kind::error);
                    EXPECT_EQ(news.why.type(), "mote::system_limit");
                    EXPECT_EQ(news.why.code(), ENOMEM);
                    EXPECT_NE(news.why.text().find("arena_bytes"), std::string_view::npos) << news.why;
                  });
        }
        EXPECT_GT(running, 0);
        EXPECT_GT(refused, 0);
        for (const auto& [child, watch] : children) send(child, go{});
        for (int i = 0; i < running; ++i) EXPECT_EQ(receive<down>().why, reason::normal);
        for (int i = 0; i < 300; ++i) EXPECT_EQ(outcome([] {}), reason::normal);  // the stacks are there again
      },
      tiny);
}

TEST(stacks, of_every_class_side_by_side_are_reused) {
  in_every_mode([] {
    for (int round = 0; round < 3; ++round) {
      std::vector<pid> held;
      std::vector<ref> watches;
      for (int i = 0; i < 60; ++i) {
        spawn_options given;
        given.max_stack = std::size_t{64} << (10 + i % 6);
        const auto [child, watch] = spawn_monitor(given, [] { receive<go>(); });
        held.push_back(child);
        watches.push_back(watch);
      }
      for (const pid one : held) send(one, go{});
      for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
    }
  });
}

}  // namespace
}  // namespace mote::test
