// Supervisors: what they start, restart, stop and say. Random histories and trees of them: tests/bars, 11 and 12.
#include "tests/in_process.hpp"

#include <algorithm>
#include <stdexcept>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct get {};
struct crash {};

struct counter {
  int value = 0;
  explicit counter(int first) : value(first) {}
  int handle_call(get) { return value++; }
  void handle_cast(crash) { throw std::runtime_error("crash"); }
};

struct broken {
  broken() { throw std::runtime_error("cannot begin"); }
};

/// Says when it ends, and waits for leave to end when it is asked to.
struct stubborn {
  pid judge;
  std::chrono::nanoseconds rest;
  void terminate(const reason& why) {
    send(judge, to_string(why));
    sleep_for(rest);
  }
};

pid process_of(const supervisor& top, std::string_view id) {
  for (const child_info& one : which_children(top)) {
    if (one.id == id) return one.process;
  }
  return {};
}

TEST(supervisor, restarts_a_child_that_crashes_from_what_it_was_given) {
  in_every_mode_crashing(
      [] {
        const supervisor top = start_supervisor({}, {child<counter>("one", 5), child<counter>("two", 7)});
        const server<counter> first(process_of(top, "one")), other(process_of(top, "two"));
        EXPECT_EQ(call(first, get{}), 5);
        EXPECT_EQ(call(first, get{}), 6);
        const ref watch = monitor(first);
        cast(first, crash{});
        EXPECT_EQ(news_of(watch).text(), "crash");
        const server<counter> second(process_of(top, "one"));
        EXPECT_NE(second, first);
        EXPECT_EQ(call(second, get{}), 5);
        EXPECT_EQ(process_of(top, "two"), other.id());
      },
      [](const std::vector<crash_report>& reports) {
        ASSERT_EQ(reports.size(), 1u);
        EXPECT_EQ(reports[0].name, "one");
      });
}

TEST(supervisor, has_no_stack_while_idle) {
  in_every_mode([] {
    const supervisor top = start_supervisor({}, {child<counter>("one", 5)});
    EXPECT_EQ(which_children(top).size(), 1u);
    until_waiting(top);
    EXPECT_EQ(info(top)->stack_bytes, 0u);
  });
}

TEST(supervisor, runs_plain_processes_by_name_and_with_arguments) {
  in_every_mode([] {
    const supervisor top = start_supervisor(
        {}, {child("plain", [](pid to, std::string text) {
               send(to, text);
               wait_for_ever();
             }, self(), std::string("begun")),
             child("pointer", wait_for_ever)});
    EXPECT_EQ(receive<std::string>(), "begun");
    kill(process_of(top, "plain"));
    EXPECT_EQ(receive<std::string>(), "begun");
    EXPECT_EQ(count_children(top).active, 2u);
  });
}

TEST(supervisor, that_cannot_start_a_child_stops_the_others_and_says_which) {
  in_every_mode_crashing(
      [] {
        try {
          start_supervisor({}, {child<stubborn>("first", spawn_options{.name = "first", .trap_exit = true},
                                                stubborn{self(), 0ns}),
                                child<broken>("second"), child<counter>("third", 1)});
          ADD_FAILURE() << "started";
        } catch (const start_failed& failed) {
          EXPECT_NE(failed.why().text().find("second"), std::string_view::npos);
          EXPECT_NE(failed.why().text().find("cannot begin"), std::string_view::npos);
        }
        EXPECT_EQ(receive<std::string>(), "shutdown");
        EXPECT_FALSE(whereis("first"));
        EXPECT_THROW(start_supervisor({}, {child<counter>("same", 1), child<counter>("same", 2)}), start_failed);
        EXPECT_THROW(start_supervisor({}, {child_spec{}}), start_failed);
      },
      [](const std::vector<crash_report>&) {});
}

TEST(supervisor, gives_up_after_too_many_restarts_and_takes_its_children_along) {
  in_every_mode_crashing(
      [] {
        const supervisor top =
            start_supervisor({.intensity = 2, .period = 1h}, {child<counter>("one", 5), child<counter>("two", 7)});
        unlink(top);
        const ref watch = monitor(top);
        const pid other = process_of(top, "two");
        for (int i = 0; i < 3; ++i) {
          const server<counter> victim(process_of(top, "one"));
          const ref gone = monitor(victim);
          cast(victim, crash{});
          news_of(gone);
        }
        EXPECT_EQ(news_of(watch), reason::shutdown);
        EXPECT_FALSE(is_alive(other));
      },
      [](const std::vector<crash_report>& reports) { EXPECT_EQ(reports.size(), 3u); });
}

TEST(supervisor, does_not_loop_for_ever_when_a_child_cannot_be_restarted) {
  struct once {
    explicit once(const std::string& name) {
      if (whereis(name)) throw std::runtime_error("only once");
      spawn(spawn_options{.name = name}, wait_for_ever);
    }
  };
  in_every_mode_crashing(
      [] {
        const supervisor top =
            start_supervisor({.intensity = 20, .period = 1h}, {child<once>("one", std::string("been_here"))});
        unlink(top);
        const ref watch = monitor(top);
        kill(process_of(top, "one"));
        EXPECT_EQ(news_of(watch), reason::shutdown);
      },
      [](const std::vector<crash_report>& reports) { EXPECT_EQ(reports.size(), 20u); });
}

TEST(supervisor, gives_a_child_its_time_to_end_and_kills_it_afterwards) {
  in_every_mode([] {
    child_spec patient = child<stubborn>("patient", spawn_options{.trap_exit = true}, stubborn{self(), 1ms});
    child_spec slow = child<stubborn>("slow", spawn_options{.trap_exit = true}, stubborn{self(), 1h});
    slow.shutdown = 5ms;
    child_spec brutal = child<stubborn>("brutal", spawn_options{.trap_exit = true}, stubborn{self(), 0ns});
    brutal.shutdown = brutal_kill;
    const supervisor top = start_supervisor({}, {patient, slow, brutal});
    const ref first = monitor(process_of(top, "patient")), second = monitor(process_of(top, "slow")),
              third = monitor(process_of(top, "brutal"));
    stop(top, reason::shutdown);
    EXPECT_EQ(news_of(first), reason::shutdown);
    EXPECT_EQ(news_of(second), reason::killed);
    EXPECT_EQ(news_of(third), reason::killed);
    EXPECT_EQ(receive<std::string>(), "shutdown");
    EXPECT_EQ(receive<std::string>(), "shutdown");
    EXPECT_TRUE(none_left<std::string>());  // the one that was killed at once said nothing
  });
}

TEST(supervisor, adds_stops_restarts_and_forgets_children) {
  in_every_mode([] {
    const supervisor top = start_supervisor({}, {});
    const server<counter> first(start_child(top, child<counter>("one", 5)));
    EXPECT_EQ(call(first, get{}), 5);
    const auto problem = [](auto&& what) {
      try {
        what();
      } catch (const child_error& failed) {
        return std::optional(failed.problem());
      }
      return std::optional<child_problem>();
    };
    EXPECT_EQ(problem([&] { start_child(top, child<counter>("one", 5)); }), child_problem::already_started);
    EXPECT_EQ(problem([&] { delete_child(top, "one"); }), child_problem::running);
    EXPECT_EQ(problem([&] { restart_child(top, "one"); }), child_problem::running);
    EXPECT_EQ(problem([&] { restart_child(top, "two"); }), child_problem::not_found);
    terminate_child(top, "one");
    EXPECT_FALSE(is_alive(first));
    EXPECT_EQ(problem([&] { start_child(top, child<counter>("one", 5)); }), child_problem::already_present);
    EXPECT_EQ(count_children(top).active, 0u);
    EXPECT_NE(restart_child(top, "one"), first.id());
    terminate_child(top, "one");
    delete_child(top, "one");
    EXPECT_TRUE(which_children(top).empty());
    EXPECT_THROW(start_child(top, {}), usage_error);
  });
}

TEST(supervisor, does_not_add_a_child_that_cannot_be_started) {
  in_every_mode_crashing(
      [] {
        const supervisor top = start_supervisor({}, {});
        try {
          start_child(top, child<broken>("one"));
          ADD_FAILURE() << "started";
        } catch (const child_error& failed) {
          EXPECT_EQ(failed.why().text(), "cannot begin");
        }
        EXPECT_TRUE(which_children(top).empty());
      },
      [](const std::vector<crash_report>& reports) { EXPECT_EQ(reports.size(), 1u); });
}

TEST(supervisor, forgets_a_temporary_child_that_ended) {
  in_every_mode([] {
    child_spec spec = child<counter>("one", 5);
    spec.restart = restart::temporary;
    const supervisor top = start_supervisor({}, {});
    const pid first = start_child(top, spec);
    const ref watch = monitor(first);
    kill(first);
    news_of(watch);
    EXPECT_TRUE(which_children(top).empty());
    start_child(top, spec);
    terminate_child(top, "one");
    EXPECT_TRUE(which_children(top).empty());
  });
}

TEST(supervisor, of_supervisors_ends_with_who_started_it_from_the_leaves_up) {
  in_every_mode([] {
    const monitored owner = spawn_monitor([](pid judge) {
      const auto leaf = [&](std::string id) {
        return child<stubborn>(id, spawn_options{.trap_exit = true}, stubborn{judge, 0ns});
      };
      const supervisor top = start_supervisor({}, {leaf("a"), supervisor_child("under", {}, {leaf("b"), leaf("c")})});
      EXPECT_EQ(count_children(top).supervisors, 1u);
      EXPECT_EQ(count_children(top).workers, 1u);
      send(judge, static_cast<pid>(top));
      wait_for_ever();
    }, self());
    const ref watch = monitor(receive<pid>());
    exit(owner.process, reason::shutdown);
    EXPECT_EQ(news_of(watch), reason::shutdown);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(receive<std::string>(), "shutdown");
  });
}

// U1. A kill that reaches the child while its supervisor stops it, or starts it, brings no second one.
TEST(supervisor, runs_one_of_each_child_whatever_ends_it_meanwhile) {
  in_every_mode([] {
    const supervisor top = start_supervisor({.intensity = 1000, .period = 1h}, {child<counter>("one", 5)});
    for (int i = 0; i < 30; ++i) {
      const pid victim = process_of(top, "one");
      spawn([](pid who) { kill(who); }, victim);
      terminate_child(top, "one");
      spawn([](supervisor all) { kill(process_of(all, "one")); }, top);
      try {
        restart_child(top, "one");
      } catch (const child_error& failed) {
        EXPECT_EQ(failed.problem(), child_problem::running);
      }
    }
    EXPECT_EQ(which_children(top).size(), 1u);
    until([&] { return is_alive(process_of(top, "one")); });
  });
}

}  // namespace
}  // namespace mote::test
