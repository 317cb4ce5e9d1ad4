// Kills that are swallowed, destructors that call the runtime, and processes that will not end.
#include "tests/in_process.hpp"

#include <stdexcept>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct go {};
struct note {
  std::string text;
};
struct question {
  int value;
};

TEST(kill, swallowed_by_catch_all_comes_back_at_the_next_call) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          send(to, go{});
          for (int swallowed = 0;; ++swallowed) {
            try {
              wait_for_ever();
            } catch (...) {
              if (swallowed == 5) throw;
            }
          }
        },
        self());
    receive<go>();
    kill(child);
    EXPECT_EQ(news_of(watch), reason::killed);
  });
}

TEST(kill, is_no_std_exception) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          send(to, go{});
          for (;;) {
            try {
              wait_for_ever();
            } catch (const std::exception&) {
              ADD_FAILURE() << "was caught";
            }
          }
        },
        self());
    receive<go>();
    kill(child);
    EXPECT_EQ(news_of(watch), reason::killed);
  });
}

TEST(kill, swallowed_for_ever_abandons_the_process) {
  in_every_mode([] {
    for (void (*call)() : {+[] { wait_for_ever(); }, +[] { yield(); }, +[] { checkpoint(); }, +[] { sleep_for(1h); },
                           +[] { receive<go>(0ns); }}) {
      const auto [child, watch] = spawn_monitor(
          [](pid to, std::uintptr_t body) {
            send(to, go{});
            for (;;) {
              try {
                for (;;) reinterpret_cast<void (*)()>(body)();
              } catch (...) {}
            }
          },
          self(), reinterpret_cast<std::uintptr_t>(call));
      receive<go>();
      kill(child);
      const reason why = news_of(watch);
      EXPECT_EQ(why.kind(), reason_kind::abandoned);
      EXPECT_NE(why.text().find("killed"), std::string_view::npos) << why;
    }
  });
}

TEST(exit_signal, swallowed_for_ever_abandons_the_process) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          send(to, go{});
          for (;;) {
            try {
              wait_for_ever();
            } catch (...) {}
          }
        },
        self());
    receive<go>();
    exit(child, reason::shutdown);
    const reason why = news_of(watch);
    EXPECT_EQ(why.kind(), reason_kind::abandoned);
    EXPECT_NE(why.text().find("shutdown"), std::string_view::npos) << why;
  });
}

TEST(exit_reason, stands_though_the_exit_was_swallowed) {
  in_every_mode([] {
    EXPECT_EQ(outcome([] {
                try {
                  exit(reason::timeout);
                } catch (...) {}
              }),
              reason::timeout);
    EXPECT_EQ(outcome([] {
                try {
                  exit(reason::timeout);
                } catch (...) {
                  throw std::runtime_error("instead");
                }
              }),
              reason::timeout);
    EXPECT_EQ(outcome([] {
                try {
                  exit(reason::timeout);
                } catch (...) {}
                exit(reason::shutdown);
              }),
              reason::timeout);
  });
}

TEST(destructor, can_send_while_the_stack_unwinds) {
  in_every_mode([] {
    const auto body = [](pid to, int way) {
      const at_end last{[to] {
        for (int i = 0; i < 3'000; ++i) send(to, note{"from the destructor"});
      }};
      if (way == 0) throw std::runtime_error("out");
      if (way == 1) exit(reason::timeout);
      wait_for_ever();
    };
    for (int way = 0; way < 3; ++way) {
      const auto [child, watch] = spawn_monitor(body, self(), way);
      if (way == 2) {
        until_waiting(child);
        exit(child, reason::shutdown);
      }
      EXPECT_NE(news_of(watch).kind(), reason_kind::abandoned);
      for (int i = 0; i < 3'000; ++i) ASSERT_TRUE(receive<note>(0ns));
    }
  });
}

TEST(kill, drops_what_the_process_sends_afterwards) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          const at_end last{[to] {
            send(to, note{"from the dead"});
            EXPECT_EQ(try_send(to, note{"from the dead"}), send_result::no_process);
            exit(to, reason::error("from the dead"));
          }};
          send(to, go{});
          wait_for_ever();
        },
        self());
    receive<go>();
    kill(child);
    EXPECT_EQ(news_of(watch), reason::killed);
    EXPECT_TRUE(none_left<note>());
  });
}

TEST(kill, heeded_by_a_loop_that_only_sends_drops_the_rest) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          send(to, go{});
          for (int i = 0; i < 100'000; ++i) {
            send(to, note{""});
            if (i % 1'000 == 0) checkpoint();
          }
        },
        self());
    receive<go>();
    kill(child);
    EXPECT_EQ(news_of(watch), reason::killed);
  });
}

TEST(destructor, can_receive_while_the_stack_unwinds_by_an_exception) {
  in_every_mode([] {
    const pid server = spawn([] {
      for (;;) receive([](reply_to from, question q) { reply(from, note{std::to_string(q.value)}); });
    });
    const reason why = outcome(
        [](pid whom, pid to) {
          const at_end last{[whom, to] {
            send(self(), go{});
            receive<go>();
            sleep_for(10us);
            yield();
            checkpoint();
            send(to, receive_reply<note>(request(whom, question{7})));
          }};
          throw std::runtime_error("out");
        },
        server, self());
    EXPECT_EQ(why.text(), "out");
    EXPECT_EQ(receive<note>().text, "7");
  });
}

TEST(destructor, can_ask_a_server_while_the_stack_unwinds_by_an_exit) {
  in_every_mode([] {
    const pid server = spawn([] {
      for (;;) receive([](reply_to from, question q) { reply(from, note{std::to_string(q.value)}); });
    });
    for (const bool by_signal : {false, true}) {
      const auto [child, watch] = spawn_monitor(
          [](pid whom, pid to, bool wait) {
            const at_end last{[whom, to] { send(to, receive_reply<note>(request(whom, question{7}))); }};
            if (wait) wait_for_ever();
            exit(reason::timeout);
          },
          server, self(), by_signal);
      if (by_signal) {
        until_waiting(child);
        exit(child, reason::timeout);
      }
      const auto answer = receive<note>(10s);
      ASSERT_TRUE(answer) << "no answer reaches it";
      EXPECT_EQ(answer->text, "7");
      EXPECT_EQ(news_of(watch), reason::timeout);
    }
  });
}

TEST(destructor, that_waits_once_killed_is_abandoned) {
  in_every_mode([] {
    for (const bool sleeping : {false, true}) {
      const auto [child, watch] = spawn_monitor(
          [](pid to, bool sleeps) {
            const at_end last{[sleeps] {
              if (sleeps) {
                sleep_for(1000h);
              } else {
                wait_for_ever();
              }
            }};
            send(to, go{});
            wait_for_ever();
          },
          self(), sleeping);
      receive<go>();
      kill(child);
      EXPECT_EQ(news_of(watch).kind(), reason_kind::abandoned);
    }
  });
}

TEST(kill, ends_a_destructor_that_waits_while_the_stack_unwinds) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor(
        [](pid to) {
          const at_end last{[to] {
            send(to, go{});
            wait_for_ever();
          }};
          throw std::runtime_error("out");
        },
        self());
    receive<go>();
    until_waiting(child);
    exit(child, reason::shutdown);  // never thrown while the stack unwinds
    kill(child);
    EXPECT_EQ(news_of(watch).kind(), reason_kind::abandoned);
  });
}

TEST(abandoned, processes_leave_the_rest_as_it_was) {
  in_every_mode([] {
    const std::size_t before = processes().size();
    for (int i = 0; i < 50; ++i) {
      const auto [child, watch] = spawn_monitor(
          [](pid boss) {
            link(boss);
            for (;;) {
              try {
                wait_for_ever();
              } catch (...) {}
            }
          },
          self());
      trap_exit(true);
      until_waiting(child);
      kill(child);
      EXPECT_EQ(news_of(watch).kind(), reason_kind::abandoned);
      EXPECT_EQ(receive<exited>().why.kind(), reason_kind::abandoned);
      EXPECT_EQ(outcome([] {}), reason::normal);
    }
    until([before] { return processes().size() == before; });
  });
}

}  // namespace
}  // namespace mote::test
