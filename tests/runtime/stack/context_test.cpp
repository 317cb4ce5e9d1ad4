#include "runtime/stack/context.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <cfenv>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "runtime/base/thread_local.hpp"
#include "runtime/stack/stack_cache.hpp"

namespace mote::detail {
namespace {

// Contexts in these tests talk through one of these: who runs, and who is to be switched to next.
struct partner {
  context at = nullptr;
  stack* on = nullptr;  // nullptr: the native stack
};

struct pair_of_contexts {
  stack_arena arena{stack_options{.arena_bytes = std::size_t{1} << 30}};
  stack_cache cache{arena};
  machine here;
  partner other;  // the suspended one
  bool done = false;

  pair_of_contexts() { here.bind(); }
};

pair_of_contexts* world = nullptr;
machine* now_on = nullptr;  // of the running context: tests with one thread need no more

using body = void (*)();
body running = nullptr;

void enter(arrival came) {
  now_on = came.on;
  world->other = {came.from, nullptr};
  running();
  world->done = true;
  leave_context(world->other.at, nullptr, *now_on);
}

// Runs body on a stack of its own, in turn with between on the native one, until body returns.
template <class Between>
void run_in_turn(body what, Between between) {
  pair_of_contexts here;
  world = &here;
  running = what;
  stack* const on = here.cache.take(1);
  ASSERT_NE(on, nullptr);
  context next = make_context(*on, enter);
  machine* at = &here.here;
  for (;;) {
    const arrival back = switch_context(next, on, *at);
    at = back.on;
    next = back.from;
    if (here.done) break;
    between();
  }
  here.cache.give(on);
  world = nullptr;
}

void back_to_native() {
  const arrival back = switch_context(world->other.at, nullptr, *now_on);
  now_on = back.on;
  world->other.at = back.from;
}

int steps = 0;

TEST(context, runs_on_its_own_stack_and_goes_on_where_it_left) {
  steps = 0;
  run_in_turn(
      [] {
        int local = 0;
        EXPECT_GE(reinterpret_cast<std::byte*>(&local), now_on->current->limit);
        EXPECT_LT(reinterpret_cast<std::byte*>(&local), now_on->current->top());
        for (int i = 0; i < 100; ++i) {
          EXPECT_EQ(local++, i);
          back_to_native();
        }
      },
      [] { ++steps; });
  EXPECT_EQ(steps, 100);
}

TEST(context, yield_inside_catch_keeps_the_exception_of_each_side) {
  run_in_turn(
      [] {
        for (int i = 0; i < 1000; ++i) {
          try {
            throw std::runtime_error("mine " + std::to_string(i));
          } catch (const std::runtime_error& mine) {
            back_to_native();
            EXPECT_EQ(mine.what(), "mine " + std::to_string(i));
            EXPECT_NE(std::current_exception(), nullptr);
          }
          EXPECT_EQ(std::current_exception(), nullptr);
        }
      },
      [] {
        EXPECT_EQ(std::current_exception(), nullptr);
        EXPECT_THROW(throw 7, int);
      });
}

TEST(context, yield_before_a_rethrow_throws_the_right_one_again) {
  run_in_turn(
      [] {
        for (int i = 0; i < 1000; ++i) {
          EXPECT_THROW(
              {
                try {
                  throw std::out_of_range("outer");
                } catch (...) {
                  back_to_native();
                  throw;
                }
              },
              std::out_of_range);
        }
      },
      [] {
        try {
          throw std::logic_error("other");
        } catch (const std::logic_error&) {
        }
      });
}

struct yields_in_destructor {
  int before = std::uncaught_exceptions();
  ~yields_in_destructor() {
    EXPECT_EQ(now_on->uncaught_exceptions(), before + 1);
    back_to_native();
    EXPECT_EQ(now_on->uncaught_exceptions(), before + 1);
  }
};

TEST(context, yield_during_unwinding_keeps_the_count_of_uncaught_exceptions) {
  run_in_turn(
      [] {
        for (int i = 0; i < 1000; ++i) {
          try {
            yields_in_destructor guard;
            throw 1;
          } catch (int) {
          }
        }
        EXPECT_EQ(now_on->uncaught_exceptions(), 0);
      },
      [] { EXPECT_EQ(std::uncaught_exceptions(), 0); });
}

TEST(context, an_exception_being_handled_does_not_reach_a_new_context) {
  try {
    throw std::runtime_error("of the creator");
  } catch (const std::runtime_error&) {
    run_in_turn([] { EXPECT_EQ(std::current_exception(), nullptr); }, [] {});
    EXPECT_NE(std::current_exception(), nullptr);
  }
}

TEST(context, errno_travels_with_its_context) {
  errno = ENOENT;
  run_in_turn(
      [] {
        EXPECT_EQ(*now_on->error, 0);
        *now_on->error = EAGAIN;
        for (int i = 0; i < 10; ++i) {
          back_to_native();
          EXPECT_EQ(*now_on->error, EAGAIN);
        }
      },
      [] {
        EXPECT_EQ(errno, ENOENT);
      });
}

TEST(context, starts_with_default_rounding_and_keeps_its_own) {
  std::fesetround(FE_UPWARD);
  run_in_turn(
      [] {
        EXPECT_EQ(std::fegetround(), FE_TONEAREST);
        std::fesetround(FE_DOWNWARD);
        back_to_native();
        EXPECT_EQ(std::fegetround(), FE_DOWNWARD);
      },
      [] { EXPECT_EQ(std::fegetround(), FE_UPWARD); });
  EXPECT_EQ(std::fegetround(), FE_UPWARD);
  std::fesetround(FE_TONEAREST);
}

TEST(context, renewed_is_as_good_as_new) {
  run_in_turn(
      [] {
        *now_on->error = EIO;
        std::fesetround(FE_DOWNWARD);
        try {
          throw 1;
        } catch (...) {
          renew_context(*now_on);
          EXPECT_EQ(std::current_exception(), nullptr);
          EXPECT_EQ(*now_on->error, 0);
          EXPECT_EQ(std::fegetround(), FE_TONEAREST);
          world->done = true;
          leave_context(world->other.at, nullptr, *now_on);
        }
      },
      [] {});
}
}  // namespace
}  // namespace mote::detail
