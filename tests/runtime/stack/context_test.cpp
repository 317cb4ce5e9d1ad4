#include "runtime/stack/context.hpp"

#include <gtest/gtest.h>
#include <unwind.h>

#include <cerrno>
#include <cfenv>
#include <exception>
#include <stdexcept>
#include <string>

#include "runtime/base/annotate.hpp"
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

// These tests share what they look at between two contexts, in the order of their switches: said to the thread
// sanitizer, which would rightly report it otherwise.
arrival ordered_switch(context to, stack* to_stack, machine& on) {
  tsan_release(&world);
  const arrival back = switch_context(to, to_stack, on);
  tsan_acquire(&world);
  return back;
}

using body = void (*)();
body running = nullptr;

void enter(arrival came) {
  tsan_acquire(&world);
  now_on = came.on;
  world->other = {came.from, nullptr};
  running();
  world->done = true;
  machine& on = *now_on;
  const context back = world->other.at;
  tsan_release(&world);
  leave_context(back, nullptr, on);
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
    const arrival back = ordered_switch(next, on, *at);
    at = back.on;
    next = back.from;
    if (here.done) break;
    between();
  }
  here.cache.give(on);
  world = nullptr;
}

void back_to_native() {
  const arrival back = ordered_switch(world->other.at, nullptr, *now_on);
  now_on = back.on;
  world->other.at = back.from;
}

int steps = 0;

TEST(context, runs_on_its_own_stack_and_goes_on_where_it_left) {
  steps = 0;
  run_in_turn(
      [] {
        int local = 0;
        const auto* const frame = static_cast<std::byte*>(__builtin_frame_address(0));
        EXPECT_GE(frame, now_on->current->limit);
        EXPECT_LT(frame, now_on->current->top());
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
        } catch (const std::logic_error&) {}
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
          } catch (int) {}
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
  steps = 0;
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
        EXPECT_TRUE(steps++ == 0 || errno == ENOENT) << errno;
        errno = ENOENT;
      });
  EXPECT_EQ(steps, 10);
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

TEST(context, unwinders_stop_at_its_bottom) {
  run_in_turn(
      [] {
        steps = 0;
        _Unwind_Backtrace(
            [](_Unwind_Context*, void*) {
              ++steps;
              return steps > 100 ? _URC_FOREIGN_EXCEPTION_CAUGHT : _URC_NO_REASON;
            },
            nullptr);
      },
      [] {});
  EXPECT_GE(steps, 2);
  EXPECT_LT(steps, 20);
}

TEST(context, renewed_is_as_good_as_new) {
  run_in_turn(
      [] {
        *now_on->error = EIO;
        std::fesetround(FE_DOWNWARD);
        try {
          throw 1;
        } catch (...) {
          const exception_state handled = *now_on->exceptions;
          renew_context(*now_on);
          EXPECT_EQ(std::current_exception(), nullptr);
          EXPECT_EQ(*now_on->error, 0);
          EXPECT_EQ(std::fegetround(), FE_TONEAREST);
          *now_on->exceptions = handled;  // so that it is freed
        }
      },
      [] {});
}
}  // namespace
}  // namespace mote::detail
