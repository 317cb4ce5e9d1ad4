// Servers: handlers found by the message's type, answers, and what becomes of callers however a server ends.
#include "tests/in_process.hpp"

#include <memory>
#include <stdexcept>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct get {};
struct add {
  int by;
};
struct sum_later {
  using reply = int;
  int more;
};
struct fail {
  std::string text;
};
struct leave {
  reason why;
};
struct never {
  using reply = int;
};
struct note {
  int number;
};

struct counter {
  int value = 0;
  std::vector<reply_to> waiting;

  void init(int first) {
    if (first < 0) throw std::runtime_error("negative");
    value = first;
  }
  int handle_call(get) { return value; }
  std::string handle_call(const add& more) { return "now " + std::to_string(value += more.by); }
  void handle_call(reply_to from, sum_later asked) { send(spawn([](reply_to to, int sum) { reply(to, sum); }, from, value + asked.more), 0); }
  void handle_call(fail asked) { throw std::runtime_error(asked.text); }
  void handle_call(reply_to from, never) { waiting.push_back(from); }
  void handle_call(leave asked) { stop(asked.why); }
  void handle_cast(add more) { value += more.by; }
  void handle_cast(fail told) { throw std::runtime_error(told.text); }
  void handle_info(note one) { value = 10 * value + one.number; }
};

TEST(server, answers_calls_by_the_type_of_the_message) {
  in_every_mode([] {
    const server<counter> one = start<counter>(5);
    EXPECT_EQ(call(one, get{}), 5);
    const add more{2};
    EXPECT_EQ(call(one, more), "now 7");
    static_assert(std::is_same_v<decltype(call(one, more)), std::string>);
    static_assert(std::is_void_v<decltype(call(one, fail{}))>);
  });
}

TEST(server, takes_what_one_sender_sends_in_order_whatever_its_kind) {
  in_every_mode([] {
    const server<counter> one = start<counter>(1);
    for (int i = 0; i < 100; ++i) {
      cast(one, add{1});
      send(one, note{3});
      EXPECT_EQ(call(one, get{}), 23);
      cast(one, add{-22});
    }
  });
}

TEST(server, answers_later_from_whoever_it_gave_the_reply_to) {
  in_every_mode([] {
    const server<counter> one = start<counter>(20);
    EXPECT_EQ(call(one, sum_later{22}), 42);
  });
}

TEST(server, is_dead_to_a_caller_at_once) {
  in_every_mode([] {
    const server<counter> one = start<counter>(0);
    stop(one);
    try {
      call(one, get{}, infinity);
      ADD_FAILURE() << "answered by a dead server";
    } catch (const no_reply& failed) {
      EXPECT_EQ(failed.why(), reason::noproc);
    }
    cast(one, add{1});
    EXPECT_THROW(call(server<counter>(), get{}), usage_error);
  });
}

template <class Message>
reason call_failure(server<counter> one, Message message) {
  try {
    call(one, message, infinity);
  } catch (const no_reply& failed) {
    return failed.why();
  }
  return reason::normal;
}

TEST(server, that_ends_in_a_call_tells_the_caller_why) {
  in_every_mode_crashing(
      [] {
        EXPECT_EQ(call_failure(start<counter>(0), fail{"no"}).text(), "no");
        EXPECT_EQ(call_failure(start<counter>(0), leave{reason::with(7)}).value<int>() != nullptr, true);
        EXPECT_EQ(call_failure(start<counter>(0), leave{reason::shutdown}), reason::shutdown);
      },
      [](const std::vector<crash_report>& reports) { EXPECT_EQ(reports.size(), 2u); });
}

TEST(server, that_owes_answers_when_it_ends_tells_every_caller) {
  in_every_mode([] {
    const server<counter> one = start<counter>(0);
    std::vector<monitored> callers;
    for (int i = 0; i < 10; ++i) {
      callers.push_back(spawn_monitor([](server<counter> asked) { call(asked, never{}, infinity); }, one));
      until_waiting(callers.back().process);
    }
    kill(one);
    for (const monitored& caller : callers) EXPECT_EQ(news_of(caller.monitor), reason::killed);
  });
}

// The request is in hand while its handler waits; the caller's news comes from the mailbox that takes it back.
TEST(server, killed_inside_a_handler_tells_the_caller) {
  struct blocked {
    int handle_call(get) {
      wait_for_ever();
      return 0;
    }
  };
  in_every_mode([] {
    const server<blocked> one = start<blocked>();
    const monitored caller = spawn_monitor([](server<blocked> asked) { call(asked, get{}, infinity); }, one);
    until([&] { return info(one)->stack_bytes != 0; });
    kill(one);
    EXPECT_EQ(news_of(caller.monitor), reason::killed);
  });
}

TEST(server, that_terminates_or_is_abandoned_inside_a_handler_tells_the_caller) {
  struct stubborn {
    int handle_call(get) { std::terminate(); }
    int handle_call(add) {
      for (;;) {
        try {
          wait_for_ever();
        } catch (...) {  // swallows its exit, again and again
        }
      }
    }
  };
  in_every_mode_crashing(
      [] {
        const server<stubborn> first = start<stubborn>();
        EXPECT_THROW(call(first, get{}), no_reply);
        const server<stubborn> second = start<stubborn>();
        const monitored caller = spawn_monitor([](server<stubborn> asked) { call(asked, add{1}, infinity); }, second);
        until([&] { return info(second)->stack_bytes != 0; });
        kill(second);
        EXPECT_EQ(news_of(caller.monitor).kind(), reason_kind::abandoned);
      },
      [](const std::vector<crash_report>& reports) { EXPECT_FALSE(reports.empty()); });
}

TEST(server, that_does_not_answer_in_time_loses_the_caller_and_a_late_answer_vanishes) {
  in_every_mode([] {
    const server<counter> one = start<counter>(0);
    for (const auto limit : {0ns, 1ns, 1'000'000ns, 20'000'000ns}) {
      const auto begin = now();
      try {
        call(one, never{}, limit);
        ADD_FAILURE() << "answered";
      } catch (const call_timeout& failed) {
        EXPECT_EQ(failed.why(), reason::timeout);
        const std::string text = failed.what();
        EXPECT_NE(text.find("counter " + to_string(one.id()) + " has not answered"), std::string::npos) << text;
        EXPECT_NE(text.find(limit == 20ms ? "never within 20 ms" : "never within "), std::string::npos) << text;
      }
      EXPECT_GE(now() - begin, limit);
    }
    stop(one);  // what it owed is refused now
    EXPECT_TRUE(receive([](any_message) { return false; }, after(0ns, [] { return true; })));
  });
}

// A limit that is armed only when the scheduler looks at its timers holds however many wait at once, and whatever else comes.
TEST(server, limits_hold_for_many_callers_at_once) {
  in_every_mode([] {
    const server<counter> one = start<counter>(0);
    std::vector<monitored> callers;
    for (int i = 0; i < 200; ++i) {
      callers.push_back(spawn_monitor(spawn_options{.trap_exit = true},
                                      [](server<counter> asked) { call(asked, never{}, 5ms); }, one));
    }
    for (const monitored& caller : callers) exit(caller.process, reason::shutdown);  // wakes it, and is no answer
    for (const monitored& caller : callers) EXPECT_EQ(news_of(caller.monitor), reason::timeout);
  });
}

TEST(server, start_throws_what_init_threw_and_no_exit_signal_comes_with_it) {
  in_every_mode_crashing(
      [] {
        for (const bool linked : {false, true}) {
          try {
            if (linked) {
              start_link<counter>(-1);
            } else {
              start<counter>(-1);
            }
            ADD_FAILURE() << "started";
          } catch (const start_failed& failed) {
            EXPECT_EQ(failed.why().text(), "negative");
          }
        }
        checkpoint();
      },
      [](const std::vector<crash_report>& reports) { EXPECT_EQ(reports.size(), 2u); });
}

struct picky {
  explicit picky(int how) {
    if (how == 0) stop(reason::shutdown);
    if (how == 1) mote::exit(reason::error("no"));
    if (how == 2) mote::kill(self());
    wait_for_ever();
  }
};

TEST(server, start_tells_of_an_init_that_ends_in_any_way) {
  in_every_mode_crashing(
      [] {
        const auto why = [](int how) {
          try {
            start<picky>(how);
            return reason::normal;
          } catch (const start_failed& failed) {
            return failed.why();
          }
        };
        EXPECT_EQ(why(0), reason::shutdown);
        EXPECT_EQ(why(1).text(), "no");
        EXPECT_EQ(why(2), reason::killed);
        const monitored starter = spawn_monitor([] { start<picky>(spawn_options{.name = "slow"}, 3); });
        until([] { return static_cast<bool>(whereis("slow")); });
        kill(whereis("slow"));
        EXPECT_EQ(news_of(starter.monitor), reason::killed);
      },
      [](const std::vector<crash_report>&) {});
}

// Who finds the name may send before init is through.
TEST(server, handles_nothing_before_init_is_through) {
  struct late {
    int value = 0;
    void init() {
      receive<get>();
      value = 1;
    }
    int handle_call(get) { return value; }
    void handle_cast(add more) { value += more.by; }
  };
  in_every_mode([] {
    const monitored starter = spawn_monitor([] { start<late>(spawn_options{.name = "late"}); });
    until([] { return static_cast<bool>(whereis("late")); });
    const server<late> one("late");
    cast(one, add{1});
    send(one, get{});
    EXPECT_EQ(call(one, get{}), 2);
    EXPECT_EQ(news_of(starter.monitor), reason::normal);
    EXPECT_THROW(server<late>("nobody"), usage_error);
    EXPECT_THROW(start<late>(spawn_options{.name = "late"}), usage_error);
    stop(one);
    EXPECT_FALSE(whereis("late"));
  });
}

struct everything {
  using infos = messages<note, down, any_message>;
  std::string seen;

  std::string handle_call(get) { return seen; }
  void handle_info(note one) { seen += "note " + std::to_string(one.number) + "; "; }
  void handle_info(const down& news) { seen += "down " + to_string(news.why) + "; "; }
  void handle_info(any_message other) { seen += std::string(other.type()) + (other.from() ? " asked; " : "; "); }
};

TEST(server, gets_other_messages_by_the_types_it_names) {
  in_every_mode([] {
    const server<everything> one = start<everything>();
    send(one, note{1});
    send(one, 7);
    send(one, down{{}, {}, reason::shutdown});
    const ref asked = request(one, true);
    EXPECT_EQ(call(one, get{}), "note 1; int; down shutdown; bool asked; ");
    stop(one);
    EXPECT_THROW(receive_reply<int>(asked), no_reply);
  });
}

TEST(server, drops_messages_and_refuses_requests_that_it_has_no_handler_for) {
  in_every_mode([] {
    const server<counter> one = start<counter>(3);
    send(one, std::string("nobody wants this"));
    try {
      receive_reply<int>(request(one, note{1}));
      ADD_FAILURE() << "answered";
    } catch (const no_reply& failed) {
      EXPECT_NE(failed.why().text().find("note"), std::string_view::npos) << failed.why();
    }
    EXPECT_THROW(call(server<everything>(one), get{}), no_reply);  // of another type than the caller says
    EXPECT_EQ(call(one, get{}), 3);
  });
}

TEST(server, cannot_call_itself) {
  struct narcissus {
    void handle_call(get) { call(server<narcissus>(self()), get{}); }
  };
  in_every_mode_crashing(
      [] { EXPECT_THROW(call(start<narcissus>(), get{}), no_reply); },
      [](const std::vector<crash_report>& reports) {
        ASSERT_EQ(reports.size(), 1u);
        EXPECT_NE(reports[0].why.text().find("calls itself"), std::string_view::npos);
      });
}

TEST(server, may_call_receive_and_wait_in_a_handler) {
  struct front {
    server<counter> behind;
    int handle_call(add more) {
      send(spawn([](pid to) { sleep_for(1ms); send(to, note{5}); }, self()), 0);
      call(behind, more);
      sleep_for(1ms);
      return call(behind, get{}) + receive<note>().number;
    }
    int handle_call(get) { return 1; }
  };
  in_every_mode([] {
    const server<front> one = start<front>(start_link<counter>(10));
    for (int i = 1; i <= 10; ++i) {
      send(one, get{});  // an unrelated message that stays in the mailbox while the handler receives
      EXPECT_EQ(call(one, add{1}), 15 + i);
      EXPECT_EQ(call(one, get{}), 1);
    }
  });
}

TEST(server, has_state_that_need_not_be_a_message_and_may_be_large) {
  struct hoard {
    std::unique_ptr<int> own;
    std::array<int, 1000> many{};
    explicit hoard(std::vector<int> values) : own(std::make_unique<int>(values.at(0))) { many.fill(values.at(1)); }
    int handle_call(get) { return *own + many.back(); }
  };
  in_every_mode([] {
    const server<hoard> one = start_link<hoard>(std::vector<int>{40, 2});
    EXPECT_EQ(call(one, get{}), 42);
    stop(one);
  });
}

}  // namespace
}  // namespace mote::test
