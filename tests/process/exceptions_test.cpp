// Exceptions in flight, and errno, travel with their process.
#include "tests/in_process.hpp"

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
