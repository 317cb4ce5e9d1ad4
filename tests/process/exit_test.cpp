// How a process ends, and what an exit signal does: Erlang's rules, line by line.
#include "tests/in_process.hpp"

#include <stdexcept>
#include <system_error>

namespace mote::test {
namespace {

struct go {};
struct note {
  std::string text;
};
struct refusal {
  int code;
};

TEST(exit_reason, is_normal_when_the_function_returns) {
  in_every_mode([] { EXPECT_EQ(outcome([] {}), reason::normal); });
}

TEST(exit_reason, is_what_exit_was_given) {
  in_every_mode([] {
    for (const reason& why : {reason::normal, reason::shutdown, reason::timeout, reason::noproc, reason::killed,
                              reason::error("broken", 7)}) {
      EXPECT_EQ(outcome([](const reason& given) { exit(given); }, why), why) << why;
    }
  });
}

TEST(exit_reason, of_a_process_that_ends_itself_by_kill_is_killed) {
  in_every_mode([] { EXPECT_EQ(outcome([] { exit(reason::kill); }), reason::killed); });
}

TEST(exit_reason, carries_a_value_of_the_user_s) {
  in_every_mode([] {
    const reason why = outcome([] { exit(reason::with(refusal{42}, "refused")); });
    EXPECT_EQ(why.kind(), reason_kind::custom);
    EXPECT_EQ(why.text(), "refused");
    ASSERT_NE(why.value<refusal>(), nullptr);
    EXPECT_EQ(why.value<refusal>()->code, 42);
    EXPECT_EQ(why.value<note>(), nullptr);
  });
}

TEST(exit_reason, of_an_exception_has_its_type_and_text) {
  in_every_mode([] {
    const reason why = outcome([] { throw std::out_of_range("the ninth of eight"); });
    EXPECT_EQ(why.kind(), reason_kind::error);
    EXPECT_EQ(why.text(), "the ninth of eight");
    EXPECT_EQ(why.type(), "std::out_of_range");
    EXPECT_EQ(why.code(), 0);
  });
}

TEST(exit_reason, of_a_system_error_has_its_code) {
  in_every_mode([] {
    const reason why =
        outcome([] { throw std::system_error(std::make_error_code(std::errc::permission_denied), "the door"); });
    EXPECT_EQ(why.kind(), reason_kind::error);
    EXPECT_EQ(why.code(), static_cast<int>(std::errc::permission_denied));
    EXPECT_EQ(why.type(), "std::system_error");
    EXPECT_NE(why.text().find("the door"), std::string_view::npos);
  });
}

TEST(exit_reason, of_an_exception_that_is_no_std_exception_has_its_type) {
  in_every_mode([] {
    EXPECT_EQ(outcome([] { throw 42; }).type(), "int");
    const reason why = outcome([] { throw refusal{1}; });
    EXPECT_EQ(why.kind(), reason_kind::error);
    EXPECT_NE(why.type().find("refusal"), std::string_view::npos) << why;
    EXPECT_NE(why.text(), "");
  });
}

TEST(exit_reason, unwinds_the_stack) {
  struct on_the_way_out {
    pid to;
    ~on_the_way_out() { send(to, note{"unwound"}); }
  };
  in_every_mode([] {
    spawn(
        [](pid to) {
          const on_the_way_out last{to};
          exit(reason::shutdown);
        },
        self());
    EXPECT_EQ(receive<note>().text, "unwound");
    const pid waiting = spawn(
        [](pid to) {
          const on_the_way_out last{to};
          wait_for_ever();
        },
        self());
    until_waiting(waiting);
    exit(waiting, reason::shutdown);
    EXPECT_EQ(receive<note>().text, "unwound");
  });
}

// What becomes of a process that gets this exit signal: its exit reason, what it received if it trapped, and whether it lived to
// receive what was sent after.
struct fate {
  reason end;
  std::optional<reason> received;
  bool went_on = false;
};

void stand_there(pid to, bool trapping) {
  trap_exit(trapping);
  send(to, go{});
  receive([&](const exited& news) { send(to, news); }, [&](go) { send(to, go{}); });
}

fate after_signal(bool trapping, const reason& why) {
  const auto [subject, watch] = spawn_monitor(stand_there, self(), trapping);
  receive<go>();
  exit(subject, why);
  send(subject, go{});
  fate result;
  result.end = news_of(watch);
  if (const auto news = receive<exited>(std::chrono::nanoseconds(0))) {
    EXPECT_EQ(news->from, self());
    result.received = news->why;
  }
  result.went_on = receive<go>(std::chrono::nanoseconds(0)).has_value();
  return result;
}

TEST(exit_signal, normal_does_nothing_to_another_process) {
  in_every_mode([] {
    const fate seen = after_signal(false, reason::normal);
    EXPECT_TRUE(seen.went_on);
    EXPECT_EQ(seen.end, reason::normal);
    EXPECT_FALSE(seen.received);
  });
}

TEST(exit_signal, ends_a_process_with_the_signal_s_reason) {
  in_every_mode([] {
    for (const reason& why :
         {reason::shutdown, reason::timeout, reason::noproc, reason::error("no", 3), reason::killed}) {
      EXPECT_EQ(after_signal(false, why).end, why);
    }
  });
}

TEST(exit_signal, is_a_message_to_a_process_that_traps_exits) {
  in_every_mode([] {
    for (const reason& why :
         {reason::normal, reason::shutdown, reason::timeout, reason::noproc, reason::error("no", 3), reason::killed}) {
      const fate seen = after_signal(true, why);
      EXPECT_EQ(seen.end, reason::normal);
      ASSERT_TRUE(seen.received);
      EXPECT_EQ(*seen.received, why);
    }
  });
}

TEST(exit_signal, kill_ends_a_process_as_killed_whether_it_traps_or_not) {
  in_every_mode([] {
    for (const bool trapping : {false, true}) {
      const fate seen = after_signal(trapping, reason::kill);
      EXPECT_EQ(seen.end, reason::killed);
      EXPECT_FALSE(seen.received);
    }
    const auto [subject, watch] = spawn_monitor(stand_there, self(), true);
    receive<go>();
    kill(subject);
    EXPECT_EQ(news_of(watch), reason::killed);
  });
}

TEST(exit_signal, killed_that_comes_through_a_link_can_be_trapped) {
  in_every_mode([] {
    trap_exit(true);
    const pid child = spawn_link([] { wait_for_ever(); });
    kill(child);
    const exited news = receive<exited>();
    EXPECT_EQ(news.from, child);
    EXPECT_EQ(news.why, reason::killed);
  });
}

TEST(exit_signal, kill_as_an_exit_reason_does_not_spread_as_one) {
  in_every_mode([] {
    trap_exit(true);
    const pid child = spawn_link([] { exit(reason::kill); });
    const exited news = receive<exited>();
    EXPECT_EQ(news.from, child);
    EXPECT_EQ(news.why, reason::killed);
  });
}

TEST(exit_signal, to_oneself_takes_effect_before_the_call_returns) {
  in_every_mode([] {
    for (const reason& why : {reason::normal, reason::shutdown, reason::error("mine")}) {
      EXPECT_EQ(outcome(
                    [](pid to, const reason& given) {
                      exit(self(), given);
                      send(to, note{"still here"});
                    },
                    self(), why),
                why);
    }
    EXPECT_EQ(outcome([] { exit(self(), reason::kill); }), reason::killed);
    EXPECT_EQ(outcome([] { kill(self()); }), reason::killed);
    EXPECT_TRUE(none_left<note>());
  });
}

TEST(exit_signal, to_oneself_is_a_message_when_trapping_unless_it_is_kill) {
  in_every_mode([] {
    EXPECT_EQ(outcome([] {
                trap_exit(true);
                for (const reason& why : {reason::normal, reason::shutdown, reason::error("mine")}) {
                  exit(self(), why);
                  const exited news = receive<exited>();
                  EXPECT_EQ(news.from, self());
                  EXPECT_EQ(news.why, why);
                }
                exit(reason::timeout);
              }),
              reason::timeout);
    EXPECT_EQ(outcome([] {
                trap_exit(true);
                kill(self());
              }),
              reason::killed);
  });
}

TEST(exit_signal, to_a_process_that_has_ended_is_no_error) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([] {});
    news_of(watch);
    exit(child, reason::error("too late"));
    kill(child);
    EXPECT_FALSE(is_alive(child));
  });
}

TEST(exit_signal, ends_a_process_that_has_not_run_yet) {
  in_every_mode([] {
    for (int i = 0; i < 50; ++i) {
      const auto [child, watch] = spawn_monitor([] { wait_for_ever(); });
      exit(child, reason::shutdown);
      EXPECT_EQ(news_of(watch), reason::shutdown);
    }
  });
}

TEST(exit_signal, ends_a_process_in_each_call_that_may_end_one) {
  using namespace std::chrono_literals;
  in_every_mode([] {
    for (void (*call)() : {+[] { wait_for_ever(); }, +[] { receive<never_sent>(1000h); }, +[] { sleep_for(1000h); },
                           +[] {
                             for (;;) yield();
                           },
                           +[] {
                             for (;;) checkpoint();
                           },
                           +[] {
                             for (;;) receive<never_sent>(0ns);
                           }}) {
      const auto [child, watch] = spawn_monitor(
          [](pid to, std::uintptr_t body) {
            send(to, go{});
            reinterpret_cast<void (*)()>(body)();
          },
          self(), reinterpret_cast<std::uintptr_t>(call));
      receive<go>();
      exit(child, reason::shutdown);
      EXPECT_EQ(news_of(watch), reason::shutdown);
    }
  });
}

TEST(exit_signal, first_reason_stands_unless_kill_comes) {
  struct stay {
    ~stay() {
      try {
        receive<go>();
      } catch (...) {
        ADD_FAILURE() << "ended while the stack unwinds";
      }
    }
  };
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([] { wait_for_ever(); });
    until_waiting(child);
    exit(child, reason::shutdown);
    exit(child, reason::timeout);
    EXPECT_EQ(news_of(watch), reason::shutdown);
  });
}

TEST(trap_exit, returns_what_held_before) {
  in_every_mode([] {
    EXPECT_FALSE(trap_exit(true));
    EXPECT_TRUE(info(self())->trap_exit);
    EXPECT_TRUE(trap_exit(true));
    EXPECT_TRUE(trap_exit(false));
    EXPECT_FALSE(trap_exit(false));
    EXPECT_FALSE(info(self())->trap_exit);
  });
}

TEST(exit, of_the_pid_that_names_nobody_is_a_mistake) {
  in_every_mode([] {
    EXPECT_THROW(exit(pid(), reason::shutdown), usage_error);
    EXPECT_THROW(kill(pid()), usage_error);
  });
}

TEST(exit, while_the_stack_unwinds_is_a_mistake) {
  struct bad {
    pid to;
    ~bad() {
      try {
        exit(reason::shutdown);
      } catch (const usage_error&) {
        send(to, note{"refused"});
      }
    }
  };
  in_every_mode([] {
    const reason why = outcome(
        [](pid to) {
          const bad last{to};
          throw std::runtime_error("first");
        },
        self());
    EXPECT_EQ(receive<note>().text, "refused");
    EXPECT_EQ(why.text(), "first");
  });
}

}  // namespace
}  // namespace mote::test
