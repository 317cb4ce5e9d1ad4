// What process_info says of a process that waits.
#include "tests/in_process.hpp"

#include <unistd.h>

namespace mote::test {
namespace {

process_info of_waiting(pid who) {
  until_waiting(who);
  return info(who).value();
}

TEST(process_info, tells_what_a_process_waits_for) {
  in_every_mode([] {
    const pid silent = spawn(wait_for_ever);
    const pid receiver = spawn(wait_for_ever);
    const pid sleeper = spawn([] { sleep_for(std::chrono::hours(1)); });
    const pid asker = spawn([](pid asked) { receive_reply<int>(request(asked, 1)); }, silent);
    const pid limited = spawn([] { receive<int>(std::chrono::hours(1)); });
    EXPECT_EQ(of_waiting(receiver).waits_for, wait_reason::message);
    EXPECT_EQ(of_waiting(limited).waits_for, wait_reason::message);
    EXPECT_EQ(of_waiting(sleeper).waits_for, wait_reason::time);
    EXPECT_EQ(of_waiting(asker).waits_for, wait_reason::reply);
    EXPECT_EQ(of_waiting(asker).waits_for_whom, silent);
    EXPECT_FALSE(info(self())->waits_for.has_value());
    for (const pid one : {silent, receiver, sleeper, asker, limited}) kill(one);
  });
}

TEST(process_info, tells_the_descriptor_that_a_process_waits_for) {
  on_schedulers([] {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid reader = spawn([](int end) { wait_readable(end); }, ends[0]);
    const process_info seen = of_waiting(reader);
    EXPECT_EQ(seen.waits_for, wait_reason::descriptor);
    EXPECT_EQ(seen.waits_for_descriptor, ends[0]);
    kill(reader);
    end_of(reader);
    ::close(ends[0]);
    ::close(ends[1]);
  });
}

// One that slept and then receives is not taken for a sleeper.
TEST(process_info, tells_the_present_wait_and_no_earlier_one) {
  in_every_mode([] {
    const pid one = spawn([](pid by) {
      sleep_for(std::chrono::milliseconds(1));
      send(by, 1);
      wait_for_ever();
    }, self());
    receive<int>();
    EXPECT_EQ(of_waiting(one).waits_for, wait_reason::message);
    kill(one);
  });
}

// In virtual time, to the unit of the coarse clock.
TEST(process_info, tells_since_when_a_process_waits) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    in_mode({1, seed}, [] {
      sleep_for(std::chrono::seconds(5));
      const pid one = spawn(wait_for_ever);
      until_waiting(one);
      const auto then = now();
      sleep_for(std::chrono::seconds(100));
      const auto since = info(one)->waits_since;
      EXPECT_LE(since, then);
      EXPECT_GT(since, then - std::chrono::milliseconds(10));
      kill(one);
    });
  }
}

}  // namespace
}  // namespace mote::test
