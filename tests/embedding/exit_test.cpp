// The end of a host program: exit() with runtimes that live, that are static, or that have called it themselves.
#include "tests/embedding/hosted.hpp"

#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace mote::test {
namespace {

void talk_for_ever() {
  for (;;) {
    send(self(), 1);
    receive<int>();
    spawn([] {});
    checkpoint();
  }
}

/// One on the heap that nobody destroys, and nobody forgets, with processes that never rest.
void leave_one_running() {
  static runtime* rt = nullptr;
  rt = new runtime(small());
  for (int i = 0; i < 4; ++i) rt->spawn(talk_for_ever);
  rt->call([] {});
}

class exit_deathtest : public ::testing::Test {
 protected:
  exit_deathtest() { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }
};

TEST_F(exit_deathtest, shuts_a_static_runtime_down) {
  EXPECT_EXIT(
      {
        static runtime rt(small());
        rt.spawn([] {
          struct last {
            ~last() { std::fputs("unwound\n", stderr); }
          };
          const last said;
          wait_for_ever();
        });
        rt.call([] { until([] { return processes().size() == 2; }); });
        rt.call([] {
          for (const pid one : processes()) {
            if (one != self()) until_waiting(one);
          }
        });
        std::exit(3);
      },
      ::testing::ExitedWithCode(3), "unwound");
}

TEST_F(exit_deathtest, is_not_held_up_by_one_that_runs) {
  EXPECT_EXIT(
      {
        leave_one_running();
        std::exit(4);
      },
      ::testing::ExitedWithCode(4), "");
}

TEST_F(exit_deathtest, may_be_called_by_another_thread_while_main_runs_processes) {
  EXPECT_EXIT(mote::run([] {
                for (int i = 0; i < 4; ++i) spawn(talk_for_ever);
                std::thread([] { std::exit(5); }).detach();
                wait_for_ever();
              }),
              ::testing::ExitedWithCode(5), "");
}

TEST_F(exit_deathtest, in_a_process_of_a_static_runtime_leaves_it_running) {
  EXPECT_EXIT(
      {
        static runtime rt(small());
        rt.call([] { std::exit(6); });
      },
      ::testing::ExitedWithCode(6), "destroyed by one of its own processes");
}

TEST_F(exit_deathtest, underscored_ends_all_at_once) {
  EXPECT_EXIT(
      {
        leave_one_running();
        ::_exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace mote::test
