// Alarms: that they come, once for each cause, to who asked for them, and to nobody after.
#include "tests/in_process.hpp"

#include <mote/system_monitor.hpp>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct number {
  int value;
};
struct done {};

/// Takes its time: what has come is taken in, and nothing of it received.
void pass_over(pid reader) {
  receive<done>();
  send(reader, done{});
  wait_for_ever();
}

TEST(system_monitor, tells_of_a_long_mailbox_once) {
  in_every_mode([] {
    system_monitor(self(), {.long_mailbox = 200});
    const pid slow = spawn(pass_over, self());
    for (int i = 0; i < 1'000; ++i) send(slow, number{i});
    send(slow, done{});
    const auto alarm = receive<long_mailbox>();
    EXPECT_EQ(alarm.process, slow);
    EXPECT_GE(alarm.messages, 200u);
    receive<done>();
    EXPECT_TRUE(none_left<long_mailbox>());
  });
}

TEST(system_monitor, tells_of_each_process_that_a_block_has) {
  in_every_mode([] {
    system_monitor(self(), {.long_mailbox = 200});
    for (int round = 0; round < 5; ++round) {
      const pid slow = spawn(pass_over, self());
      for (int i = 0; i < 1'000; ++i) send(slow, number{i});
      send(slow, done{});
      EXPECT_EQ(receive<long_mailbox>().process, slow);
      receive<done>();
      kill(slow);
      end_of(slow);
    }
  });
}

struct go {};

TEST(system_monitor, goes_on_after_a_full_mailbox_has_dropped_an_alarm) {
  in_every_mode([] {
    spawn_options full{.mailbox = {.messages = 1, .policy = when_full::drop_newest}};
    full.mailbox.types = {limit_for<go>({})};
    const pid monitor = spawn(
        full,
        [](pid reader) {
          receive<go>();
          receive<number>();
          send(reader, go{});
          send(reader, receive<long_mailbox>().process);
        },
        self());
    system_monitor(monitor, {.long_mailbox = 200});
    send(monitor, number{0});
    const auto flooded = [] {
      const pid slow = spawn(pass_over, self());
      for (int i = 0; i < 1'000; ++i) send(slow, number{i});
      send(slow, done{});
      receive<done>();
      return slow;
    };
    flooded();
    send(monitor, go{});
    receive<go>();
    const pid second = flooded();
    EXPECT_EQ(receive<pid>(), second);
    EXPECT_TRUE(stop_system_monitor());
  });
}

/// Takes in nothing until it is asked to, and then receives all.
void take_at_once(pid parent) {
  for (;;) {
    receive_reply<go>(request(parent, go{}));
    while (receive<number>(0ns)) {
    }
    send(parent, done{});
  }
}

TEST(system_monitor, tells_again_of_a_mailbox_that_has_been_short_meanwhile) {
  in_every_mode([] {
    system_monitor(self(), {.long_mailbox = 50});
    const pid reader = spawn(take_at_once, self());
    for (const int count : {100, 100, 3, 100}) {
      const ref waits = receive([](reply_to asked, go) { return asked.request(); });
      for (int i = 0; i < count; ++i) send(reader, number{i});
      reply(reply_to(reader, waits, self()), go{});
      receive([](done) {});
    }
    EXPECT_EQ(receive<long_mailbox>().process, reader);
    EXPECT_EQ(receive<long_mailbox>().process, reader);
    EXPECT_TRUE(none_left<long_mailbox>());
  });
}

__attribute__((noinline)) int deep(int frames, pid reader) {
  volatile char frame[4'096];
  __asm__ volatile("" : : "r"(frame) : "memory");  // all of it is wanted
  frame[0] = static_cast<char>(frames);
  if (frames == 0) {
    send(reader, done{});
    receive<done>();
    return frame[0];
  }
  return deep(frames - 1, reader) + frame[0];
}

TEST(system_monitor, tells_of_a_large_stack_once) {
  in_every_mode([] {
    system_monitor(self(), {.large_stack_bytes = 40'000});
    const pid diver = spawn([](pid reader) { deep(20, reader); }, self());
    const pid shallow = spawn([](pid reader) { deep(1, reader); }, self());
    receive<done>();
    receive<done>();
    until_waiting(diver);
    until_waiting(shallow);
    const auto alarm = receive<large_stack>();
    EXPECT_EQ(alarm.process, diver);
    EXPECT_GE(alarm.bytes, 80'000u);
    send(diver, number{1});  // wakes it, and it waits again
    until_waiting(diver);
    EXPECT_TRUE(none_left<large_stack>());
  });
}

TEST(system_monitor, tells_of_a_process_that_does_not_let_go) {
  static std::atomic<bool> heard;
  options quiet;
  quiet.report_handoff = false;
  on_schedulers(
      [] {
        heard = false;
        system_monitor(self(), {.long_run = true});
        const pid hog = spawn([] {
          while (!heard) {
          }
        });
        const auto alarm = receive<long_run>();
        heard = true;
        EXPECT_EQ(alarm.process, hog);
        EXPECT_GT(alarm.held, 0ns);
        stop_system_monitor();
      },
      quiet);
}

// Who gives the alarm is no thread that may wait for room.
TEST(system_monitor, hears_of_a_long_run_beyond_its_mailboxs_limit) {
  static std::atomic<bool> heard;
  options quiet;
  quiet.report_handoff = false;
  on_schedulers(
      [] {
        heard = false;
        const pid monitor = spawn({.mailbox = {.messages = 1}}, [](pid reader) {
          receive<long_run>();
          heard = true;
          send(reader, done{});
        }, self());
        system_monitor(monitor, {.long_run = true});
        send(monitor, number{0});
        spawn([] {
          while (!heard) {
          }
        });
        receive<done>();
        stop_system_monitor();
      },
      quiet);
}

TEST(system_monitor, says_nothing_when_it_has_been_stopped) {
  in_every_mode([] {
    EXPECT_FALSE(stop_system_monitor());
    system_monitor(self(), {.long_mailbox = 10});
    EXPECT_TRUE(stop_system_monitor());
    const pid slow = spawn(pass_over, self());
    for (int i = 0; i < 500; ++i) send(slow, number{i});
    send(slow, done{});
    receive<done>();
    EXPECT_TRUE(none_left<long_mailbox>());
  });
}

TEST(system_monitor, ends_with_the_process_that_it_tells) {
  in_every_mode([] {
    const pid monitor = spawn(wait_for_ever);
    system_monitor(monitor, {.long_mailbox = 10});
    kill(monitor);
    end_of(monitor);
    const pid slow = spawn(pass_over, self());
    for (int i = 0; i < 500; ++i) send(slow, number{i});
    send(slow, done{});
    receive<done>();
    EXPECT_FALSE(stop_system_monitor());
  });
}

TEST(system_monitor, refuses_what_is_impossible) {
  in_mode({1, {}}, [] {
    EXPECT_THROW(system_monitor(self(), {}), usage_error);
    EXPECT_THROW(system_monitor(self(), {.long_mailbox = 0}), usage_error);
    EXPECT_THROW(system_monitor(self(), {.large_stack_bytes = 0}), usage_error);
    EXPECT_THROW(system_monitor(pid(), {.long_run = true}), usage_error);
  });
}

}  // namespace
}  // namespace mote::test
