// What the servers among the examples share: a client's request is carried out to its end, whoever asks the program to end.
#include "examples/serving.hpp"
#include "tests/in_process.hpp"

#include <vector>

namespace mote::test {
namespace {

struct begun {};
struct go_on {};
struct done {};

void carry_out_one(pid client) {
  carry_out([&] {
    send(client, begun{});
    receive<go_on>();
    send(client, done{});
  });
  receive<go_on>();  // for ever: a connection that waits for its client
}

TEST(carry_out, ends_with_the_work_although_the_process_is_asked_to_end_meanwhile) {
  in_every_mode([] {
    const auto [connection, watched] = spawn_monitor(carry_out_one, self());
    receive<begun>();
    exit(connection, reason::shutdown);
    send(connection, go_on{});
    receive<done>();
    EXPECT_EQ(receive<down>().why, reason::shutdown);
  });
}

TEST(carry_out, leaves_the_process_to_go_on_when_nobody_asks_it_to_end) {
  in_every_mode([] {
    const auto [connection, watched] = spawn_monitor(carry_out_one, self());
    receive<begun>();
    send(connection, go_on{});
    receive<done>();
    exit(connection, reason::shutdown);  // while it waits
    EXPECT_EQ(receive<down>().why, reason::shutdown);
  });
}

// An acceptor, as far as stop_serving knows one: its children are the connections.
void accept_two(pid program) {
  for (int i = 0; i < 2; ++i) spawn(carry_out_one, program);
  receive<go_on>();
}

TEST(stop_serving, waits_for_what_the_connections_have_in_hand) {
  in_every_mode([] {
    const pid acceptor = spawn_link(accept_two, self());
    for (int i = 0; i < 2; ++i) receive<begun>();
    std::vector<pid> connections;
    for (const pid each : processes()) {
      if (info(each)->parent == acceptor) connections.push_back(each);
    }
    ASSERT_EQ(connections.size(), 2u);
    spawn(
        [](pid gone, std::vector<pid> open) {  // lets them end their work when no client is let in any more
          monitor(gone);
          receive<down>();
          for (const pid each : open) send(each, go_on{});
        },
        acceptor, connections);
    stop_serving(acceptor);
    for (const pid each : {acceptor, connections[0], connections[1]}) EXPECT_FALSE(is_alive(each));
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(receive<done>(std::chrono::seconds(0)));
  });
}

}  // namespace
}  // namespace mote::test
