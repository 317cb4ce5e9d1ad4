// Claims of <mote/readiness.hpp>: processes wait for descriptors of the program's own.
#include "tests/in_process.hpp"

#include <fcntl.h>
#include <mote/readiness.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

/// Both ends of a pipe, or of a pair of sockets.
struct ends {
  int first = -1, second = -1;
};
ends make_pipe() {
  int both[2];
  EXPECT_EQ(pipe2(both, O_CLOEXEC | O_NONBLOCK), 0);
  return {both[0], both[1]};
}
ends make_pair() {
  int both[2];
  EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, both), 0);
  return {both[0], both[1]};
}
void close_both(ends both) {
  close(both.first);
  close(both.second);
}
void put(int into, char what) { EXPECT_EQ(write(into, &what, 1), 1); }
char take(int from) {
  char got = 0;
  EXPECT_EQ(read(from, &got, 1), 1);
  return got;
}

/// On the machine: descriptors are none of a simulated world's.
template <class Body>
void on_schedulers(Body&& body) {
  for (const unsigned count : {1u, 2u}) in_mode({count, {}}, body);
}

void echo(int from, int into, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    while (!wait_readable(from)) ADD_FAILURE() << "there was no deadline";
    put(into, take(from));
  }
}

TEST(wait_readable, returns_when_there_is_data_and_not_before) {
  on_schedulers([] {
    const ends there = make_pipe(), back = make_pipe();
    const monitored peer = spawn_monitor(&echo, there.first, back.second, 1000);
    for (int i = 0; i < 1000; ++i) {
      const char what = static_cast<char>(i % 100);
      put(there.second, what);
      ASSERT_TRUE(wait_readable(back.first));
      ASSERT_EQ(take(back.first), what);
    }
    EXPECT_FALSE(news_of(peer.monitor));
    EXPECT_FALSE(wait_readable(back.first, 0ns));
    close_both(there);
    close_both(back);
  });
}

// The other scheduler is asleep in the queue, or this one is: both have to be reached.
TEST(wait_readable, is_ended_by_a_plain_thread_that_writes) {
  on_schedulers([] {
    const ends both = make_pipe();
    for (int i = 0; i < 100; ++i) {
      std::thread writer([&] { put(both.second, 'x'); });
      EXPECT_TRUE(wait_readable(both.first));
      take(both.first);
      writer.join();
    }
    close_both(both);
  });
}

TEST(wait_readable, ends_at_its_deadline) {
  on_schedulers([] {
    const ends both = make_pipe();
    const auto begun = now();
    EXPECT_FALSE(wait_readable(both.first, 2ms));
    EXPECT_GE(now() - begun, 2ms);
    EXPECT_FALSE(wait_readable(both.first, begun));
    close_both(both);
  });
}

TEST(wait_readable, tells_the_end_of_a_pipe) {
  on_schedulers([] {
    const ends both = make_pipe();
    const monitored waiter = spawn_monitor([](int from) { EXPECT_TRUE(wait_readable(from)); }, both.first);
    until_waiting(waiter.process);
    close(both.second);
    EXPECT_FALSE(news_of(waiter.monitor));
    close(both.first);
  });
}

TEST(wait_readable, ends_at_once_where_it_is_killed) {
  on_schedulers([] {
    const ends both = make_pipe();
    const monitored waiter = spawn_monitor([](int from) { wait_readable(from); }, both.first);
    until_waiting(waiter.process);
    kill(waiter.process);
    EXPECT_EQ(news_of(waiter.monitor).kind(), reason_kind::killed);
    put(both.second, 'x');  // what was asked for comes late, and another waits for it now
    EXPECT_TRUE(wait_readable(both.first));
    close_both(both);
  });
}

// Messages that come meanwhile neither end the wait nor get lost.
TEST(wait_readable, leaves_messages_in_the_mailbox) {
  on_schedulers([] {
    const ends both = make_pipe();
    const monitored waiter = spawn_monitor(
        [](int from) {
          EXPECT_TRUE(wait_readable(from));
          EXPECT_EQ(receive<int>(), 7);
        },
        both.first);
    until_waiting(waiter.process);
    send(waiter.process, 7);
    for (int i = 0; i < 10; ++i) yield();
    EXPECT_TRUE(is_alive(waiter.process));
    put(both.second, 'x');
    EXPECT_FALSE(news_of(waiter.monitor));
    close_both(both);
  });
}

TEST(wait_writable, waits_until_there_is_room) {
  on_schedulers([] {
    const ends both = make_pair();
    std::string much(4096, 'x');
    std::size_t filled = 0;
    while (write(both.first, much.data(), much.size()) > 0) filled += much.size();
    EXPECT_FALSE(wait_writable(both.first, 1ms));
    const monitored writer = spawn_monitor([](int into) { EXPECT_TRUE(wait_writable(into)); }, both.first);
    until_waiting(writer.process);
    while (read(both.second, much.data(), much.size()) > 0) {
    }
    EXPECT_GT(filled, 0u);
    EXPECT_FALSE(news_of(writer.monitor));
    close_both(both);
  });
}

// One reads, one writes, on one descriptor.
TEST(wait_readable, and_writable_may_be_waited_for_by_two) {
  on_schedulers([] {
    const ends both = make_pair();
    const monitored reader = spawn_monitor([](int from) { EXPECT_TRUE(wait_readable(from)); }, both.first);
    until_waiting(reader.process);
    EXPECT_TRUE(wait_writable(both.first));
    EXPECT_TRUE(is_alive(reader.process));
    put(both.second, 'x');
    EXPECT_FALSE(news_of(reader.monitor));
    close_both(both);
  });
}

TEST(wait_readable, refuses_a_second_reader_and_what_is_no_descriptor) {
  on_schedulers([] {
    const ends both = make_pipe();
    const monitored reader = spawn_monitor([](int from) { wait_readable(from); }, both.first);
    until_waiting(reader.process);
    std::error_code error;
    EXPECT_FALSE(wait_readable(both.first, error));
    EXPECT_EQ(error, std::errc::device_or_resource_busy);
    kill(reader.process);
    news_of(reader.monitor);
    EXPECT_FALSE(wait_readable(both.first, error, 0ns));
    EXPECT_FALSE(error);
    close_both(both);
    EXPECT_THROW(wait_readable(-1), std::system_error);
    EXPECT_THROW(wait_readable(both.first), std::system_error);
  });
}

TEST(wait_readable, holds_for_a_plain_file_at_once) {
  on_schedulers([] {
    const int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    EXPECT_TRUE(wait_readable(file));
    close(file);
  });
}

TEST(wait_readable, throws_in_a_plain_thread) { EXPECT_THROW(wait_readable(0), usage_error); }

}  // namespace
}  // namespace mote::test
