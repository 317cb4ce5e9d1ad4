// Claims of <mote/net.hpp>. Each test runs on the machine's sockets, on one and on two schedulers, and on simulated ones,
// over the seeds of the deterministic mode.
#include "tests/in_process.hpp"

#include <mote/net.hpp>

#include <numeric>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

const endpoint any_port{ip_address::loopback_v4(), 0};

/// What a stream brings until its end.
std::string read_all(tcp_stream& from) {
  std::string all;
  std::array<char, 777> part;
  while (const std::size_t got = from.read(part)) all.append(part.data(), got);
  return all;
}

void echo_all(tcp_stream with) {
  std::array<char, 1024> part;
  while (const std::size_t got = with.read(part)) with.write({part.data(), got});
}

/// Accepts for ever, a process for each connection.
void echo_server(tcp_listener at) {
  for (;;) spawn(&echo_all, at.accept());
}

/// Two ends of one connection.
struct connection {
  tcp_stream client, server;
};
connection connected(endpoint at = any_port) {
  tcp_listener listener = tcp_listener::listen(at);
  connection made;
  made.client = tcp_stream::connect(listener.local_endpoint());
  made.server = listener.accept();
  return made;
}

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 % 26);
  return text;
}

TEST(tcp_stream, carries_bytes_both_ways_in_order) {
  in_every_mode([] {
    tcp_listener listener = tcp_listener::listen(any_port);
    const endpoint at = listener.local_endpoint();
    const pid server = spawn(&echo_server, std::move(listener));
    tcp_stream stream = tcp_stream::connect(at);
    for (const std::size_t size : {1u, 64u, 5000u, 70'000u}) {
      const std::string sent = text_of(size);
      std::string got(size, '\0');
      stream.write(sent);
      stream.read_exactly(got);
      ASSERT_EQ(got, sent);
    }
    kill(server);
  });
}

TEST(tcp_stream, is_spoken_to_by_many_at_once) {
  in_every_mode([] {
    tcp_listener listener = tcp_listener::listen(any_port);
    const endpoint at = listener.local_endpoint();
    const pid server = spawn(&echo_server, std::move(listener));
    std::vector<ref> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(spawn_monitor(
                            [](endpoint to, int number) {
                              tcp_stream stream = tcp_stream::connect(to);
                              for (int round = 0; round < 10; ++round) {
                                const std::string sent = std::to_string(number * 1000 + round) + "\n";
                                stream.write(sent);
                                EXPECT_EQ(stream.read_until("\n", 100), sent);
                              }
                            },
                            at, i)
                            .monitor);
    }
    for (const ref client : clients) EXPECT_FALSE(news_of(client));
    kill(server);
  });
}

TEST(tcp_stream, works_over_ipv6) {
  in_every_mode([] {
    connection both = connected({ip_address::loopback_v6(), 0});
    both.client.write("over six");
    both.client.shutdown_write();
    EXPECT_EQ(read_all(both.server), "over six");
    EXPECT_TRUE(both.server.peer_endpoint().address.is_v6());
    EXPECT_EQ(both.server.peer_endpoint(), both.client.local_endpoint());
    EXPECT_EQ(both.client.peer_endpoint(), both.server.local_endpoint());
  });
}

TEST(tcp_listener, on_all_of_ipv6_takes_ipv4_too) {
  in_every_mode([] {
    tcp_listener listener = tcp_listener::listen({ip_address::any_v6(), 0});
    const std::uint16_t port = listener.local_endpoint().port;
    tcp_stream four = tcp_stream::connect({ip_address::loopback_v4(), port});
    EXPECT_TRUE(listener.accept().is_open());
    tcp_stream six = tcp_stream::connect({ip_address::loopback_v6(), port});
    EXPECT_TRUE(listener.accept().is_open());
  });
}

TEST(tcp_stream, shut_down_for_writing_still_reads) {
  in_every_mode([] {
    connection both = connected();
    both.client.write("question");
    both.client.shutdown_write();
    EXPECT_EQ(read_all(both.server), "question");
    both.server.write("answer");
    both.server.close();
    EXPECT_EQ(read_all(both.client), "answer");
    std::error_code error;
    both.client.write("more", error);
    EXPECT_EQ(error, std::errc::broken_pipe);
  });
}

// More than both sides hold: the writer has to wait until it is read.
TEST(tcp_stream, writes_all_of_it_however_slowly_it_is_read) {
  in_every_mode([] {
    connection both = connected();
    const std::string sent = text_of(8'000'000);
    const monitored writer = spawn_monitor(
        [](tcp_stream into, std::size_t size) { EXPECT_EQ(into.write(text_of(size)), size); }, std::move(both.client),
        sent.size());
    until_waiting(writer.process);
    std::string got;
    std::string part(100'000, '\0');
    while (const std::size_t size = both.server.read(part)) got.append(part, 0, size);
    EXPECT_TRUE(got == sent);
    EXPECT_FALSE(news_of(writer.monitor));
  });
}

TEST(tcp_stream, read_until_takes_lines_and_leaves_the_rest) {
  in_every_mode([] {
    connection both = connected();
    both.client.write("one\r\ntwo\r\n\r\nrest of it");
    both.client.shutdown_write();
    EXPECT_EQ(both.server.read_until("\r\n", 100), "one\r\n");
    EXPECT_EQ(both.server.read_until("\r\n", 5), "two\r\n");
    EXPECT_EQ(both.server.read_until("\r\n", 100), "\r\n");
    std::error_code error;
    EXPECT_EQ(both.server.read_until("\r\n", 100, error), "");
    EXPECT_EQ(error, net_error::end_of_stream);
    EXPECT_EQ(read_all(both.server), "rest of it");
  });
}

TEST(tcp_stream, read_until_goes_no_further_than_its_limit) {
  in_every_mode([] {
    connection both = connected();
    both.client.write("much longer than that\n");
    std::error_code error;
    EXPECT_EQ(both.server.read_until("\n", 8, error), "");
    EXPECT_EQ(error, net_error::delimiter_missing);
    EXPECT_EQ(both.server.read_until("\n", 100), "much longer than that\n");
  });
}

TEST(tcp_stream, read_exactly_tells_an_early_end) {
  in_every_mode([] {
    connection both = connected();
    both.client.write("half");
    both.client.close();
    std::array<char, 8> whole{};
    std::error_code error;
    EXPECT_EQ(both.server.read_exactly(whole, error), 4u);
    EXPECT_EQ(error, net_error::end_of_stream);
    EXPECT_THROW(both.server.read_exactly(whole), std::system_error);
  });
}

TEST(tcp_stream, a_deadline_ends_each_call_that_waits) {
  in_every_mode([] {
    tcp_listener listener = tcp_listener::listen(any_port);
    std::error_code error;
    listener.accept(error, 1ms);
    EXPECT_EQ(error, std::errc::timed_out);
    tcp_stream client = tcp_stream::connect(listener.local_endpoint());
    tcp_stream server = listener.accept();
    std::array<char, 8> into;
    EXPECT_EQ(client.read(into, error, 1ms), 0u);
    EXPECT_EQ(error, std::errc::timed_out);
    client.read_exactly(into, error, 1ms);
    EXPECT_EQ(error, std::errc::timed_out);
    client.read_until("x", 10, error, 1ms);
    EXPECT_EQ(error, std::errc::timed_out);
    EXPECT_LT(client.write(std::string(20'000'000, 'x'), error, 10ms), 20'000'000u);
    EXPECT_EQ(error, std::errc::timed_out);
  });
}

// What is lost of a read that ran out of time: nothing.
TEST(tcp_stream, goes_on_after_a_deadline) {
  in_every_mode([] {
    connection both = connected();
    std::array<char, 8> into;
    std::error_code error;
    for (int i = 0; i < 5; ++i) {
      both.server.read(into, error, 100us);
      ASSERT_EQ(error, std::errc::timed_out);
    }
    both.client.write("late");
    EXPECT_EQ(both.server.read_until("e", 8), "late");
  });
}

TEST(tcp_stream, a_kill_reaches_a_process_that_waits_to_read_and_closes_its_stream) {
  in_every_mode([] {
    connection both = connected();
    const monitored reader =
        spawn_monitor([](tcp_stream from) { read_all(from); }, std::move(both.server));
    until_waiting(reader.process);
    kill(reader.process);
    EXPECT_EQ(news_of(reader.monitor).kind(), reason_kind::killed);
    std::array<char, 8> into;
    EXPECT_EQ(both.client.read(into), 0u);
  });
}

TEST(tcp_stream, a_kill_reaches_a_process_that_waits_to_write) {
  in_every_mode([] {
    connection both = connected();
    const monitored writer = spawn_monitor(
        [](tcp_stream into) {
          for (;;) into.write(std::string(1'000'000, 'x'));
        },
        std::move(both.server));
    until_waiting(writer.process);
    kill(writer.process);
    EXPECT_EQ(news_of(writer.monitor).kind(), reason_kind::killed);
    EXPECT_TRUE(both.client.is_open());
  });
}

TEST(tcp_listener, a_kill_reaches_a_process_that_waits_to_accept_and_frees_the_port) {
  in_every_mode([] {
    tcp_listener listener = tcp_listener::listen(any_port);
    const endpoint at = listener.local_endpoint();
    const monitored server = spawn_monitor(&echo_server, std::move(listener));
    until_waiting(server.process);
    kill(server.process);
    EXPECT_EQ(news_of(server.monitor).kind(), reason_kind::killed);
    std::error_code error;
    tcp_stream::connect(at, error);
    EXPECT_EQ(error, std::errc::connection_refused);
    EXPECT_TRUE(tcp_listener::listen(at).is_open());
  });
}

TEST(tcp_stream, sent_as_a_message_is_the_receivers) {
  in_every_mode([] {
    connection both = connected();
    const monitored other = spawn_monitor([] {
      tcp_stream mine = receive<tcp_stream>();
      mine.write("mine now");
    });
    send(other.process, std::move(both.server));
    EXPECT_FALSE(both.server.is_open());
    EXPECT_EQ(read_all(both.client), "mine now");
    EXPECT_FALSE(news_of(other.monitor));
  });
}

TEST(tcp_stream, sent_to_the_dead_is_closed) {
  in_every_mode([] {
    connection both = connected();
    const monitored gone = spawn_monitor([] {});
    news_of(gone.monitor);
    send(gone.process, std::move(both.server));
    std::array<char, 8> into;
    EXPECT_EQ(both.client.read(into), 0u);
  });
}

TEST(tcp_stream, that_is_aborted_resets_its_peer) {
  in_every_mode([] {
    connection both = connected();
    both.client.write("x");
    std::array<char, 1> into;
    both.server.read_exactly(into);
    both.client.abort();
    std::error_code error;
    both.server.read(into, error);
    EXPECT_EQ(error, std::errc::connection_reset);
  });
}

TEST(tcp_stream, closed_with_something_unread_resets_its_peer) {
  in_every_mode([] {
    connection both = connected();
    both.client.write("nobody reads this");
    std::array<char, 1> first;
    both.server.read_exactly(first);
    both.server.close();
    std::error_code error;
    both.client.read(first, error);
    EXPECT_EQ(error, std::errc::connection_reset);
  });
}

TEST(tcp_stream, names_the_peer_in_its_errors) {
  in_every_mode([] {
    const endpoint nobody{ip_address::loopback_v4(), tcp_listener::listen(any_port).local_endpoint().port};
    try {
      tcp_stream::connect(nobody);
      ADD_FAILURE() << "somebody answers";
    } catch (const std::system_error& refused) {
      EXPECT_EQ(refused.code(), std::errc::connection_refused);
      EXPECT_NE(std::string(refused.what()).find(to_string(nobody)), std::string::npos) << refused.what();
    }
    tcp_listener listener = tcp_listener::listen(any_port);
    try {
      tcp_listener::listen(listener.local_endpoint());
      ADD_FAILURE() << "the port is taken";
    } catch (const std::system_error& taken) {
      EXPECT_EQ(taken.code(), std::errc::address_in_use);
      EXPECT_NE(std::string(taken.what()).find(to_string(listener.local_endpoint())), std::string::npos);
    }
  });
}

TEST(tcp_stream, connects_to_a_host_by_name) {
  in_every_mode([] {
    tcp_listener listener = tcp_listener::listen(any_port);
    tcp_stream stream = tcp_stream::connect("localhost", listener.local_endpoint().port);
    EXPECT_TRUE(listener.accept().is_open());
    std::error_code error;
    EXPECT_FALSE(tcp_stream::connect("no.such.host.invalid", 1, error).is_open());
    EXPECT_TRUE(error == net_error::no_such_host || error == net_error::resolver_failed) << error.message();
    EXPECT_EQ(resolve("127.0.0.1"), std::vector{ip_address::loopback_v4()});
    EXPECT_THROW(resolve("no.such.host.invalid"), std::system_error);
  });
}

TEST(tcp_stream, not_open_says_so) {
  in_every_mode([] {
    tcp_stream none;
    std::error_code error;
    std::array<char, 1> into;
    none.read(into, error);
    EXPECT_EQ(error, net_error::not_open);
    EXPECT_THROW(none.write("x"), std::system_error);
    EXPECT_THROW(none.local_endpoint(), std::system_error);
    tcp_listener no_listener;
    EXPECT_THROW(no_listener.accept(), std::system_error);
  });
}

TEST(endpoint, is_written_and_read_back) {
  for (const char* text : {"127.0.0.1:80", "[::1]:65535", "0.0.0.0:0", "[fe80::1]:1"}) {
    const auto parsed = endpoint::parse(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(to_string(*parsed), text);
  }
  for (const char* text : {"", ":", "127.0.0.1", "::1:80", "[127.0.0.1]:80", "127.0.0.1:65536", "127.0.0.1:", "[::1]80"}) {
    EXPECT_FALSE(endpoint::parse(text)) << text;
  }
}

}  // namespace
}  // namespace mote::test
