// Names, labels, and what can be seen of processes.
#include "tests/in_process.hpp"

#include <algorithm>
#include <unordered_set>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct go {};
struct number {
  int value;
};

void wait_for_go() { receive<go>(); }

std::string refusal_of(std::string_view name, pid who) {
  try {
    register_name(name, who);
  } catch (const usage_error& refused) {
    return refused.what();
  }
  return {};
}

TEST(register_name, makes_a_process_found_by_name) {
  in_every_mode([] {
    EXPECT_EQ(whereis("ada"), pid());
    const pid child = spawn(wait_for_go);
    register_name("ada", child);
    register_name("me", self());
    EXPECT_EQ(whereis("ada"), child);
    EXPECT_EQ(whereis("me"), self());
    EXPECT_EQ(info(child)->name, "ada");
    std::vector<std::string> all = registered_names();
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, (std::vector<std::string>{"ada", "me"}));
    send("ada", go{});
  });
}

TEST(register_name, refuses_what_cannot_be_and_says_why) {
  in_every_mode([] {
    const pid child = spawn(wait_for_go);
    const auto [dead, watch] = spawn_monitor([] {});
    news_of(watch);
    register_name("ada", child);
    EXPECT_NE(refusal_of("", self()).find("empty"), std::string::npos);
    EXPECT_NE(refusal_of("ada", self()).find("\"ada\" is taken"), std::string::npos);
    EXPECT_NE(refusal_of("eve", child).find("ada"), std::string::npos);
    EXPECT_NE(refusal_of("eve", dead).find(to_string(dead)), std::string::npos);
    EXPECT_NE(refusal_of("eve", pid()), "");
    EXPECT_EQ(whereis("eve"), pid());
    EXPECT_EQ(whereis("ada"), child);
  });
}

TEST(register_name, of_a_name_taken_twice_is_refused_in_the_name_of_the_call) {
  in_every_mode([] {
    register_name("ada", self());
    EXPECT_EQ(refusal_of("ada", spawn([] {})).find("mote::register_name: "), 0u);
    try {
      spawn({.name = "ada"}, wait_for_go);
      ADD_FAILURE() << "it was started";
    } catch (const usage_error& refused) {
      EXPECT_STREQ(refused.what(), "mote::spawn: the name \"ada\" is taken");
    }
  });
}

TEST(register_name, is_undone_by_unregister_name) {
  in_every_mode([] {
    register_name("ada", self());
    EXPECT_TRUE(unregister_name("ada"));
    EXPECT_FALSE(unregister_name("ada"));
    EXPECT_FALSE(unregister_name(""));
    EXPECT_EQ(whereis("ada"), pid());
    EXPECT_EQ(info(self())->name, "");
    register_name("eve", self());
    const pid child = spawn(wait_for_go);
    register_name("ada", child);
    EXPECT_EQ(whereis("ada"), child);
  });
}

TEST(register_name, ends_with_the_process) {
  in_every_mode([] {
    for (int i = 0; i < 100; ++i) {
      const auto [child, watch] = spawn_monitor(wait_for_go);
      register_name("ada", child);
      if (i % 2 == 0) {
        kill(child);
      } else {
        send("ada", go{});
      }
      news_of(watch);
      EXPECT_EQ(whereis("ada"), pid());
      EXPECT_TRUE(registered_names().empty());
    }
  });
}

TEST(register_name, of_a_process_that_is_ending_never_leaves_the_name_behind) {
  int registered = 0, refused = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    for (int i = 0; i < 400; ++i) {
      const auto [child, watch] = spawn_monitor(
          [](int turns) {
            for (int turn = 0; turn < turns; ++turn) yield();
          },
          i % 4);
      for (int turn = 0; turn < i % 3; ++turn) yield();
      ++(refusal_of("ada", child).empty() ? registered : refused);
      news_of(watch);
      EXPECT_EQ(whereis("ada"), pid());
    }
  });
  EXPECT_GT(registered, 0);
  EXPECT_GT(refused, 0);
}

TEST(register_name, asked_for_by_several_is_given_to_one) {
  in_every_mode([] {
    for (int round = 0; round < 20; ++round) {
      std::vector<ref> watches;
      for (int i = 0; i < 8; ++i) {
        watches.push_back(spawn_monitor(
                              [](pid to) {
                                send(to, refusal_of("the one", self()).empty());
                                wait_for_go();
                              },
                              self())
                              .monitor);
      }
      int winners = 0;
      for (int i = 0; i < 8; ++i) winners += receive<bool>();
      EXPECT_EQ(winners, 1);
      for (const pid one : processes()) {
        if (one != self()) send(one, go{});
      }
      for (const ref watch : watches) news_of(watch);
    }
  });
}

TEST(label, is_the_process_s_own) {
  in_every_mode([] {
    EXPECT_EQ(label(), "");
    set_label("reads files");
    EXPECT_EQ(label(), "reads files");
    EXPECT_EQ(info(self())->label, "reads files");
    set_label("");
    EXPECT_EQ(label(), "");
    const pid child = spawn([](pid to) { send(to, label()); }, self());
    EXPECT_EQ(receive<std::string>(), "");
    EXPECT_TRUE(child);
  });
}

TEST(info, tells_what_a_process_does) {
  in_every_mode([] {
    EXPECT_EQ(info(self())->id, self());
    EXPECT_EQ(info(self())->state, process_state::running);
    const pid child = spawn([] {
      trap_exit(true);
      set_label("waits");
      receive<go>();
    });
    until_waiting(child);
    const auto seen = info(child);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->id, child);
    EXPECT_EQ(seen->state, process_state::waiting);
    EXPECT_EQ(seen->label, "waits");
    EXPECT_EQ(seen->prio, priority::normal);
    EXPECT_TRUE(seen->trap_exit);
    EXPECT_EQ(seen->mailbox_messages, 0u);
    EXPECT_EQ(seen->mailbox_bytes, 0u);
    EXPECT_EQ(seen->links, 0u);
    EXPECT_GT(seen->stack_bytes, 0u);
    EXPECT_GT(seen->stack_limit, seen->stack_bytes);
    EXPECT_LE(seen->stack_limit, options{}.stack_bytes);
    send(child, go{});
  });
}

TEST(info, counts_messages_ties_and_reductions) {
  in_every_mode([] {
    const pid child = spawn(
        [](pid boss) {
          link(boss);
          monitor(boss);
          monitor(boss);
          receive<go>();
        },
        self());
    for (int i = 0; i < 10; ++i) send(child, number{i});
    until([child] { return info(child)->state == process_state::waiting && info(child)->mailbox_messages == 10; });
    EXPECT_GE(info(child)->mailbox_bytes, 10 * sizeof(number));
    EXPECT_EQ(info(child)->links, 1u);
    EXPECT_EQ(info(child)->monitors, 2u);
    const std::uint64_t before = info(self())->reductions;
    for (int i = 0; i < 10'000; ++i) send(self(), number{i});
    yield();
    EXPECT_GE(info(self())->reductions - before, 10'000u);
    EXPECT_EQ(info(self())->mailbox_messages, 10'000u);
    unlink(child);
  });
}

TEST(info, of_a_process_that_has_ended_is_nothing) {
  in_every_mode([] {
    const pid child = spawn([] {});
    end_of(child);
    EXPECT_FALSE(is_alive(child));
    until([child] { return !info(child); });
    EXPECT_FALSE(info(pid()));
    EXPECT_FALSE(is_alive(pid()));
    EXPECT_FALSE(info(pid(self().place() + 1, self().index(), self().generation())));
  });
}

TEST(info, of_a_child_that_has_not_run_is_ready) {
  in_mode({1, {}}, [] {
    const pid child = spawn([] {});
    const auto seen = info(child);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->state, process_state::ready);
    EXPECT_EQ(seen->stack_limit, 0u);
  });
}

TEST(processes, lists_everyone_once) {
  in_every_mode([] {
    EXPECT_EQ(processes(), std::vector<pid>{self()});
    std::vector<pid> expected{self()};
    for (int i = 0; i < 300; ++i) expected.push_back(spawn(wait_for_go));
    std::vector<pid> found = processes();
    std::sort(expected.begin(), expected.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected);
    for (const pid one : expected) {
      if (one != self()) send(one, go{});
    }
    until([] { return processes().size() == 1; });
  });
}

TEST(process_state, has_a_word_for_each) {
  EXPECT_EQ(to_string(process_state::ready), "ready");
  EXPECT_EQ(to_string(process_state::running), "running");
  EXPECT_EQ(to_string(process_state::waiting), "waiting");
  EXPECT_EQ(to_string(process_state::exiting), "exiting");
}

TEST(is_alive, is_false_as_soon_as_the_news_is_out) {
  in_every_mode([] {
    EXPECT_TRUE(is_alive(self()));
    for (int i = 0; i < 300; ++i) {
      const auto [child, watch] = spawn_monitor([] { yield(); });
      news_of(watch);
      EXPECT_FALSE(is_alive(child));
    }
  });
}

}  // namespace
}  // namespace mote::test
