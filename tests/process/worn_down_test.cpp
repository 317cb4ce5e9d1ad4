// A killed process that never calls what may end it.
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

TEST(kill, ends_a_loop_that_only_sends) {
  in_every_mode([] {
    const pid sink = spawn([] {
      for (;;) receive([](int) {});
    });
    const auto [sender, watch] = spawn_monitor(
        [](pid begun, pid to) {
          send(begun, 1);
          for (;;) send(to, 1);
        },
        self(), sink);
    receive<int>();
    kill(sender);
    EXPECT_EQ(news_of(watch).kind(), reason_kind::abandoned);
    kill(sink);
  });
}

// try_send never yields, so the killer needs a thread of its own.
TEST(kill, ends_a_loop_that_only_tries_to_send) {
  crash_log crashes;
  in_mode(
      {2, {}},
      [] {
        const auto [sender, watch] = spawn_monitor(
            [](pid to) {
              send(to, 1);
              for (;;) try_send(pid(), 1);
            },
            self());
        receive<int>();
        kill(sender);
        EXPECT_EQ(news_of(watch).kind(), reason_kind::abandoned);
      },
      {}, crashes);
}

}  // namespace
}  // namespace mote::test
