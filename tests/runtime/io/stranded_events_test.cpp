// netpoll.hpp, N4: an event does not wait for a scheduler that is in a long computation while another sleeps.
#include "tests/in_process.hpp"

#include <fcntl.h>
#include <mote/readiness.hpp>
#include <unistd.h>

#include <array>
#include <atomic>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct pipe_ends {
  int from, into;
};
pipe_ends make_pipe() {
  std::array<int, 2> both;
  EXPECT_EQ(pipe2(both.data(), O_CLOEXEC | O_NONBLOCK), 0);
  return {both[0], both[1]};
}

// The first process is woken by an event, so its scheduler is the one that has left the queue, and computes until a second
// process has had an event, which comes only then. Left alone with one that sleeps for ever, it would compute for ever.
TEST(netpoll, an_event_is_served_while_its_last_taker_computes) {
  options without_handoff;
  without_handoff.handoff_after = 0ms;
  const auto body = [] {
    static std::atomic<bool> served;
    for (int round = 0; round < 50; ++round) {
      served = false;
      const pipe_ends first = make_pipe(), second = make_pipe();
      const monitored other = spawn_monitor(
          [](int from) {
            EXPECT_TRUE(wait_readable(from));
            served = true;
          },
          second.from);
      until_waiting(other.process);
      std::thread writer([&] { EXPECT_EQ(write(first.into, "x", 1), 1); });
      EXPECT_TRUE(wait_readable(first.from));
      writer.join();
      EXPECT_EQ(write(second.into, "x", 1), 1);
      while (!served) {
      }
      EXPECT_FALSE(news_of(other.monitor));
      for (const pipe_ends& one : {first, second}) {
        close(one.from);
        close(one.into);
      }
    }
  };
  in_mode({2, {}}, body, without_handoff);
}

}  // namespace
}  // namespace mote::test
