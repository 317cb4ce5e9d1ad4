// Exceptions, unwinding, and processes that will not end. Each hazard of ending a process has its test here.
#include "tests/process/in_process.hpp"

#include <cerrno>
#include <exception>
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

// Runs a function of the caller's when it is destroyed.
template <class Function>
struct at_end {
  Function function;
  ~at_end() { function(); }
};
template <class Function>
at_end(Function) -> at_end<Function>;

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

void throw_it() { throw std::logic_error("out of noexcept"); }
void throw_through_noexcept() noexcept { throw_it(); }
void end_inside_noexcept() noexcept { wait_for_ever(); }

TEST(terminate, by_an_exception_out_of_noexcept_ends_that_process_only) {
  in_every_mode([] {
    for (int i = 0; i < 20; ++i) {
      const reason why = outcome([] { throw_through_noexcept(); });
      EXPECT_EQ(why.kind(), reason_kind::error);
      EXPECT_EQ(why.text(), "out of noexcept");
      EXPECT_EQ(std::uncaught_exceptions(), 0);
      EXPECT_EQ(std::current_exception(), nullptr);
    }
  });
}

TEST(terminate, by_a_kill_inside_noexcept_ends_that_process_only) {
  in_every_mode([] {
    for (int i = 0; i < 20; ++i) {
      const auto [child, watch] = spawn_monitor(
          [](pid to) {
            send(to, go{});
            end_inside_noexcept();
          },
          self());
      receive<go>();
      kill(child);
      EXPECT_EQ(news_of(watch), reason::killed);
    }
  });
}

TEST(terminate, called_directly_ends_that_process_only) {
  in_every_mode([] {
    const reason why = outcome([] { std::terminate(); });
    EXPECT_EQ(why.kind(), reason_kind::error);
    EXPECT_NE(why.text().find("terminate"), std::string_view::npos);
    EXPECT_EQ(outcome([] {
                try {
                  throw std::runtime_error("in hand");
                } catch (...) {
                  std::terminate();
                }
              }).text(),
              "in hand");
  });
}

TEST(terminate, by_a_destructor_that_throws_while_the_stack_unwinds_ends_that_process_only) {
  struct thrower {
    ~thrower() noexcept(false) { throw std::runtime_error("second"); }
  };
  in_every_mode([] {
    const reason why = outcome([] {
      const thrower last;
      throw std::runtime_error("first");
    });
    EXPECT_EQ(why.kind(), reason_kind::error);
    EXPECT_EQ(outcome([] {}), reason::normal);
  });
}

TEST(terminate, leaves_others_that_handle_exceptions_alone) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (int i = 0; i < 30; ++i) {
      watches.push_back(spawn_monitor(
                            [](int number) {
                              try {
                                throw number;
                              } catch (int caught) {
                                for (int turn = 0; turn < 10; ++turn) yield();
                                if (number % 3 == 0) throw_through_noexcept();
                                EXPECT_EQ(caught, number);
                                if (number % 3 == 1) throw;
                              }
                            },
                            i)
                            .monitor);
    }
    for (int i = 0; i < 30; ++i) {
      const reason why = news_of(watches[static_cast<std::size_t>(i)]);
      EXPECT_EQ(why.kind(), i % 3 == 2 ? reason_kind::normal : reason_kind::error);
      EXPECT_EQ(why.type() == "int", i % 3 == 1);
    }
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

// The C++ runtime keeps the exceptions in flight per thread; they have to travel with the process.
TEST(exceptions, in_flight_belong_to_their_process) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (int i = 0; i < 40; ++i) {
      watches.push_back(spawn_monitor(
                            [](int number) {
                              for (int round = 0; round < 20; ++round) {
                                try {
                                  const at_end in_between{[number] {
                                    EXPECT_EQ(std::uncaught_exceptions(), 1);
                                    for (int turn = 0; turn < number % 3; ++turn) yield();
                                    sleep_for(1us);
                                    EXPECT_EQ(std::uncaught_exceptions(), 1);
                                    try {
                                      throw -number;
                                    } catch (int inner) {
                                      yield();
                                      EXPECT_EQ(inner, -number);
                                    }
                                    EXPECT_EQ(std::uncaught_exceptions(), 1);
                                  }};
                                  throw number;
                                } catch (int caught) {
                                  EXPECT_EQ(std::uncaught_exceptions(), 0);
                                  receive<go>(1us);
                                  EXPECT_EQ(caught, number);
                                  try {
                                    std::rethrow_exception(std::current_exception());
                                  } catch (int again) {
                                    yield();
                                    EXPECT_EQ(again, number);
                                  }
                                  EXPECT_NE(std::current_exception(), nullptr);
                                }
                                EXPECT_EQ(std::current_exception(), nullptr);
                                EXPECT_EQ(std::uncaught_exceptions(), 0);
                              }
                            },
                            i)
                            .monitor);
    }
    for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(exceptions, rethrown_after_a_switch_are_the_process_s_own) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (int i = 0; i < 40; ++i) {
      watches.push_back(spawn_monitor(
                            [](int number) {
                              try {
                                throw std::runtime_error(std::to_string(number));
                              } catch (...) {
                                for (int turn = 0; turn < 5; ++turn) yield();
                                throw;
                              }
                            },
                            i)
                            .monitor);
    }
    for (std::size_t i = 0; i < watches.size(); ++i) EXPECT_EQ(news_of(watches[i]).text(), std::to_string(i));
  });
}

TEST(receive, works_inside_a_catch_block) {
  in_every_mode([] {
    send(self(), note{"kept"});
    try {
      throw std::runtime_error("now");
    } catch (const std::runtime_error& error) {
      EXPECT_EQ(receive<note>().text, "kept");
      EXPECT_FALSE(receive<go>(10us));
      EXPECT_STREQ(error.what(), "now");
    }
  });
}

TEST(error_number, travels_with_its_process) {
  in_every_mode([] {
    std::vector<ref> watches;
    for (int i = 1; i <= 40; ++i) {
      watches.push_back(spawn_monitor(
                            [](int number) {
                              EXPECT_EQ(errno, 0);
                              errno = number;
                              for (int turn = 0; turn < 20; ++turn) {
                                yield();
                                if (turn % 5 == 0) sleep_for(1us);
                                EXPECT_EQ(errno, number);
                              }
                            },
                            i)
                            .monitor);
    }
    for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
  });
}

}  // namespace
}  // namespace mote::test
