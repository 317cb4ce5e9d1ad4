// What the thread sanitizer says of contexts: sharing is reported although one thread runs both, messages are not, and
// a stack's second user is not taken for the first. Each case is a program of its own: the tool's verdict is its exit
// code.
#include <gtest/gtest.h>

#include <cstdlib>

#include "runtime/base/annotate.hpp"
#include "runtime/stack/context.hpp"
#include "runtime/stack/stack_cache.hpp"

#if defined(MOTE_TSAN)

namespace mote::detail {
namespace {

constexpr int reported = 66;  // the tool's exit code when it had something to say
int shared_value = 0;
int message = 0;

struct lone_thread {
  stack_arena arena{stack_options{.arena_bytes = std::size_t{1} << 28}};
  stack_cache cache{arena};
  machine here;

  lone_thread() { here.bind(); }

  stack* run_to_end(void (*entry)(arrival)) {
    stack* const on = cache.take(1);
    switch_context(make_context(*on, entry), on, here);
    cache.give(on);
    return on;
  }
};

void end(arrival came) { leave_context(came.from, nullptr, *came.on); }

void write_shared(arrival came) {
  ++shared_value;
  end(came);
}

void write_shared_and_wait(arrival came) {
  ++shared_value;
  end(switch_context(came.from, nullptr, *came.on));
}

void fill_own_frames(arrival came) {
  volatile int own[4000];
  for (int i = 0; i < 4000; ++i) own[i] = i;
  end(came);
}

void send_message(arrival came) {
  message = 1;
  tsan_release(&message);
  end(came);
}

void receive_message(arrival came) {
  tsan_acquire(&message);
  ++message;
  end(came);
}

TEST(race_report_death, two_contexts_of_one_thread_that_share_an_int_are_reported) {
  EXPECT_EXIT(
      {
        lone_thread one;
        stack* const first = one.cache.take(1);
        stack* const second = one.cache.take(1);
        switch_context(make_context(*first, write_shared_and_wait), first, one.here);
        switch_context(make_context(*second, write_shared_and_wait), second, one.here);
        std::exit(0);
      },
      testing::ExitedWithCode(reported), "data race");
}

TEST(race_report_death, sharing_with_the_one_who_ran_on_the_same_stack_before_is_reported) {
  EXPECT_EXIT(
      {
        lone_thread one;
        stack* const first = one.run_to_end(write_shared);
        stack* const second = one.run_to_end(write_shared);
        std::exit(first == second ? 0 : 1);
      },
      testing::ExitedWithCode(reported), "data race");
}

TEST(race_report_death, frames_in_the_place_of_frames_that_ended_are_not_reported) {
  EXPECT_EXIT(
      {
        lone_thread one;
        for (int i = 0; i < 300; ++i) one.run_to_end(fill_own_frames);
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(race_report_death, what_is_released_and_acquired_is_not_reported) {
  EXPECT_EXIT(
      {
        lone_thread one;
        one.run_to_end(send_message);
        one.run_to_end(receive_message);
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mote::detail

#endif
