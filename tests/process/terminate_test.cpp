// std::terminate on a process's stack ends that process only.
#include "runtime/base/annotate.hpp"
#include "tests/in_process.hpp"

#include <exception>
#include <stdexcept>

#if defined(MOTE_ASAN)
#include <sanitizer/lsan_interface.h>
#endif

namespace mote::test {
namespace {

struct go {};

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

TEST(terminate, counts_the_exceptions_that_are_never_destroyed) {
  in_every_mode([] {
    EXPECT_NE(environment().find("an exception on them: 0"), std::string::npos) << environment();
    for (int i = 0; i < 3; ++i) EXPECT_EQ(outcome([] { throw_through_noexcept(); }).text(), "out of noexcept");
    EXPECT_NE(environment().find("an exception on them: 3"), std::string::npos) << environment();
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

#if defined(MOTE_ASAN)
void begin_expected_leak() { __lsan_disable(); }
void end_expected_leak() { __lsan_enable(); }
#else
void begin_expected_leak() {}
void end_expected_leak() {}
#endif

// The first exception is on its way when the second ends everything; nothing knows where it is any more.
TEST(terminate, by_a_destructor_that_throws_while_the_stack_unwinds_ends_that_process_only) {
  struct thrower {
    ~thrower() noexcept(false) {
      end_expected_leak();
      throw std::runtime_error("second");
    }
  };
  in_every_mode([] {
    const reason why = outcome([] {
      const thrower last;
      begin_expected_leak();
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

}  // namespace
}  // namespace mote::test
