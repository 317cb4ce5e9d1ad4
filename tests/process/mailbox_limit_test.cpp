// Mailboxes with limits: what becomes of a message that finds one full, by each policy, and who is exempt.
#include "tests/in_process.hpp"

#include <mote/server.hpp>

#include <numeric>
#include <thread>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct number {
  int value;
};
struct other {
  int value;
};
struct go {};
struct done {};
using numbers = std::vector<int>;

/// These limits, of which `go` is exempt.
spawn_options limited(mailbox_options mailbox) {
  mailbox.types.push_back(limit_for<go>({}));
  spawn_options options;
  options.mailbox = std::move(mailbox);
  return options;
}

numbers up_to(int end, int begin = 0) {
  numbers all(static_cast<std::size_t>(end - begin));
  std::iota(all.begin(), all.end(), begin);
  return all;
}

/// Takes nothing until it is asked to, and looks at nothing before; then all numbers that are there, and tells which.
void collect(pid reader) {
  for (;;) {
    receive_reply<go>(request(reader, done{}));
    numbers got;
    while (const auto next = receive<number>(0ns)) got.push_back(next->value);
    send(reader, got);
  }
}
numbers collected() {
  receive([](reply_to collector, done) { reply(collector, go{}); });
  return receive<numbers>();
}

void send_numbers(pid to, int count) {
  for (int i = 0; i < count; ++i) send(to, number{i});
}

TEST(mailbox_limit, try_send_tells_of_a_full_mailbox_and_never_waits) {
  for (const when_full policy : {when_full::park_sender, when_full::drop_newest}) {
    in_every_mode([=] {
      const pid collector = spawn(limited({.messages = 3, .policy = policy}), collect, self());
      for (int i = 0; i < 3; ++i) EXPECT_EQ(try_send(collector, number{i}), send_result::delivered);
      EXPECT_EQ(try_send(collector, number{3}), send_result::full);
      EXPECT_EQ(info(collector)->mailbox_messages, 3u);
      EXPECT_EQ(collected(), up_to(3));
      EXPECT_EQ(try_send(collector, number{4}), send_result::delivered);
      kill(collector);
      until([=] { return try_send(collector, number{5}) == send_result::no_process; });
    });
  }
}

TEST(mailbox_limit, parks_the_sender_until_there_is_room) {
  in_every_mode([] {
    const pid collector = spawn(limited({.messages = 4}), collect, self());
    const auto [sender, ended] = spawn_monitor(send_numbers, collector, 40);
    numbers got;
    while (got.size() < 40) {
      until([&] { return info(collector)->mailbox_messages == 4 || !is_alive(sender); });
      EXPECT_LE(info(collector)->mailbox_messages, 4u);
      for (const int each : collected()) got.push_back(each);
    }
    EXPECT_EQ(got, up_to(40));
    EXPECT_EQ(news_of(ended), reason::normal);
  });
}

// B3 of bounds.hpp: each sender's own order, and nobody is passed over for ever.
TEST(mailbox_limit, parked_senders_get_in_by_turns_and_in_order) {
  in_every_mode([] {
    constexpr int senders = 5, each = 60;
    const pid reader = spawn(
        limited({.messages = 2}),
        [](pid parent) {
          std::vector<int> next(senders);
          int furthest_apart = 0;
          for (int i = 0; i < senders * each; ++i) {
            const auto [from, value] = receive<std::pair<int, int>>();
            EXPECT_EQ(value, next[static_cast<std::size_t>(from)]++);
            const auto [least, most] = std::minmax_element(next.begin(), next.end());
            if (*most < each) furthest_apart = std::max(furthest_apart, *most - *least);
          }
          send(parent, furthest_apart);
        },
        self());
    for (int s = 0; s < senders; ++s) {
      spawn(
          [](pid to, int from) {
            for (int i = 0; i < each; ++i) send(to, std::pair(from, i));
          },
          reader, s);
    }
    EXPECT_LE(receive<int>(), each - 1);
  });
}

TEST(mailbox_limit, drop_newest_keeps_what_came_first) {
  in_every_mode([] {
    const pid collector = spawn(limited({.messages = 5, .policy = when_full::drop_newest}), collect, self());
    send_numbers(collector, 100);
    EXPECT_EQ(info(collector)->mailbox_messages, 5u);
    EXPECT_EQ(collected(), up_to(5));
    send(collector, number{7});
    EXPECT_EQ(collected(), numbers{7});
  });
}

TEST(mailbox_limit, drop_oldest_keeps_what_came_last) {
  in_every_mode([] {
    const pid collector = spawn(limited({.messages = 5, .policy = when_full::drop_oldest}), collect, self());
    for (int round = 0; round < 3; ++round) {
      send_numbers(collector, 100);
      EXPECT_EQ(info(collector)->mailbox_messages, 5u);
      EXPECT_EQ(collected(), up_to(100, 95));
    }
  });
}

// It has drained all when it takes the first; what it has not asked for can be dropped all the same.
TEST(mailbox_limit, drop_oldest_reaches_what_the_receiver_has_not_asked_for) {
  in_every_mode([] {
    spawn({.mailbox = {.messages = 5, .policy = when_full::drop_oldest}},
          [](pid reader) {
            receive_reply<go>(request(reader, done{}));
            send(reader, receive<number>().value);
            collect(reader);
          },
          self());
    pid collector;
    receive([&](reply_to asked, done) {
      collector = asked.asker();
      send_numbers(collector, 5);
      reply(asked, go{});
    });
    EXPECT_EQ(receive<int>(), 0);
    for (int i = 5; i < 50; ++i) EXPECT_EQ(try_send(collector, number{i}), send_result::delivered);
    EXPECT_EQ(info(collector)->mailbox_messages, 5u);
    EXPECT_EQ(collected(), up_to(50, 45));
  });
}

TEST(mailbox_limit, drop_oldest_leaves_what_a_receive_has_passed_over) {
  in_every_mode([] {
    const pid waiting = spawn(
        limited({.messages = 3, .policy = when_full::drop_oldest}),
        [](pid reader) {
          receive<other>();
          collect(reader);
        },
        self());
    send_numbers(waiting, 3);
    until([&] { return info(waiting)->mailbox_messages == 3 && info(waiting)->state == process_state::waiting; });
    EXPECT_EQ(try_send(waiting, number{3}), send_result::full);
    EXPECT_EQ(try_send(waiting, other{0}), send_result::full);
  });
}

TEST(mailbox_limit, end_receiver_ends_it_with_a_reason_that_says_so) {
  in_every_mode([] {
    const pid reader = self();
    const auto [flooded, ended] = spawn_monitor(
        limited({.messages = 10, .policy = when_full::end_receiver}),
        [](pid parent) {
          trap_exit(true);
          send(parent, done{});
          receive<go>();
        },
        reader);
    receive<done>();
    send_numbers(flooded, 10);
    EXPECT_TRUE(is_alive(flooded));
    EXPECT_EQ(try_send(flooded, number{10}), send_result::full);
    const reason why = news_of(ended);
    EXPECT_EQ(why.kind(), reason_kind::mailbox_full);
    EXPECT_EQ(why.text(), "its mailbox reached its limit of 10 messages");
    EXPECT_EQ(try_send(flooded, number{11}), send_result::no_process);
  });
}

TEST(mailbox_limit, counts_bytes_with_what_containers_hold) {
  in_every_mode([] {
    const pid collector = spawn(limited({.bytes = 10'000, .policy = when_full::drop_newest}), collect, self());
    int taken = 0;
    while (try_send(collector, std::string(1'000, 'x')) == send_result::delivered) ++taken;
    EXPECT_EQ(taken, 9);
    EXPECT_GE(info(collector)->mailbox_bytes, 9'000u);
    EXPECT_LE(info(collector)->mailbox_bytes, 10'000u);
    EXPECT_EQ(try_send(collector, number{1}), send_result::delivered);  // so much room is left
  });
}

TEST(mailbox_limit, an_empty_mailbox_takes_one_message_that_is_too_large) {
  in_every_mode([] {
    const pid large = spawn(
        limited({.bytes = 1'000}),
        [](pid reader) {
          for (int i = 0; i < 3; ++i) send(reader, receive<std::string>().size());
        },
        self());
    for (int i = 0; i < 3; ++i) send(large, std::string(5'000, 'x'));
    for (int i = 0; i < 3; ++i) EXPECT_EQ(receive<std::size_t>(), 5'000u);
  });
}

TEST(mailbox_limit, of_one_type_stands_instead_of_the_mailboxes) {
  in_every_mode([] {
    mailbox_options both{.messages = 4, .policy = when_full::drop_newest};
    both.types = {limit_for<other>({.messages = 2, .policy = when_full::drop_oldest})};
    const pid collector = spawn(
        limited(both),
        [](pid reader) {
          receive_reply<go>(request(reader, done{}));
          numbers got;
          while (receive([&](number one) { got.push_back(one.value); return true; },
                         [&](other one) { got.push_back(1'000 + one.value); return true; },
                         after(0ns, [] { return false; }))) {
          }
          send(reader, got);
        },
        self());
    for (int i = 0; i < 10; ++i) {
      send(collector, number{i});
      send(collector, other{i});
    }
    EXPECT_EQ(info(collector)->mailbox_messages, 6u);
    EXPECT_EQ(collected(), (numbers{0, 1, 2, 3, 1'008, 1'009}));
  });
}

TEST(mailbox_limit, a_type_without_a_limit_passes_parked_senders) {
  in_every_mode([] {
    const pid waiting = spawn(
        limited({.messages = 1}),
        [](pid reader) {
          receive<go>();
          for (int i = 0; i < 5; ++i) EXPECT_EQ(receive<number>().value, i);
          send(reader, done{});
        },
        self());
    until_waiting(spawn(send_numbers, waiting, 5));
    send(waiting, go{});
    receive<done>();
  });
}

TEST(mailbox_limit, signals_and_replies_are_exempt) {
  in_every_mode([] {
    const auto [full, ended] = spawn_monitor(
        limited({.messages = 1, .policy = when_full::drop_newest}),
        [](pid parent) {
          trap_exit(true);
          receive<go>();
          EXPECT_EQ(outcome([] {}), reason::normal);
          const pid echo = spawn([] { receive([](reply_to to, int value) { reply(to, value); }); });
          EXPECT_EQ(receive_reply<int>(request(echo, 7)), 7);
          send(parent, done{});
          receive<exited>();
        },
        self());
    send(full, number{0});
    EXPECT_EQ(try_send(full, number{1}), send_result::full);
    send(full, go{});
    receive<done>();
    exit(full, reason::shutdown);
    EXPECT_EQ(news_of(ended), reason::normal);
  });
}

TEST(mailbox_limit, lets_a_process_send_to_itself) {
  in_every_mode([] {
    EXPECT_EQ(news_of(spawn_monitor(
                          limited({.messages = 2}),
                          [] {
                            for (int i = 0; i < 10; ++i) send(self(), number{i});
                            for (int i = 0; i < 10; ++i) EXPECT_EQ(receive<number>().value, i);
                          })
                          .monitor),
              reason::normal);
  });
}

TEST(mailbox_limit, info_tells_whom_a_parked_sender_waits_for) {
  in_every_mode([] {
    const pid full = spawn({.mailbox = {.messages = 1}}, wait_for_ever);
    const pid sender = spawn(send_numbers, full, 5);
    until_waiting(sender);
    EXPECT_EQ(info(sender)->waits_for, wait_reason::room);
    EXPECT_EQ(info(sender)->waits_for_whom, full);
  });
}

TEST(mailbox_limit, a_parked_sender_can_be_killed) {
  in_every_mode([] {
    const pid collector = spawn(limited({.messages = 2}), collect, self());
    for (const reason& how : {reason::kill, reason::shutdown}) {
      const auto [sender, ended] = spawn_monitor(send_numbers, collector, 100);
      until_waiting(sender);
      exit(sender, how);
      EXPECT_EQ(news_of(ended).kind(), how == reason::kill ? reason_kind::killed : reason_kind::shutdown);
      EXPECT_EQ(collected(), up_to(2));
    }
  });
}

// It takes what its destructors want to send along, rather than wait for ever.
TEST(mailbox_limit, who_is_to_end_does_not_wait_for_room) {
  in_every_mode([] {
    const pid collector = spawn(limited({.messages = 1}), collect, self());
    send(collector, number{0});
    const auto [sender, ended] = spawn_monitor(
        [](pid to) {
          struct farewell {
            pid to;
            ~farewell() { send(to, number{1}); }
          } const last{to};
          wait_for_ever();
        },
        collector);
    until_waiting(sender);
    exit(sender, reason::shutdown);
    EXPECT_EQ(news_of(ended), reason::shutdown);
    EXPECT_EQ(collected(), numbers{0});
  });
}

TEST(mailbox_limit, parked_senders_go_on_when_the_receiver_ends) {
  in_every_mode([] {
    const pid collector = spawn(limited({.messages = 1}), collect, self());
    std::vector<ref> senders;
    for (int i = 0; i < 5; ++i) {
      const auto [sender, ended] = spawn_monitor(send_numbers, collector, 10);
      senders.push_back(ended);
      until_waiting(sender);
    }
    kill(collector);
    for (const ref each : senders) EXPECT_EQ(news_of(each), reason::normal);
  });
}

TEST(mailbox_limit, two_that_flood_each_other_go_on_where_messages_are_dropped) {
  for (const when_full policy : {when_full::drop_newest, when_full::drop_oldest}) {
    in_every_mode([=] {
      const auto flood = [](pid parent) {
        const pid peer = receive<pid>();
        for (int i = 0; i < 2'000; ++i) send(peer, number{i});
        int got = 0;
        while (receive<number>(0ns)) ++got;
        EXPECT_LE(got, 2'000);
        send(parent, done{});
      };
      mailbox_options few{.messages = 10, .policy = policy};
      few.types = {limit_for<pid>({})};
      const pid a = spawn({.mailbox = few}, flood, self());
      const pid b = spawn({.mailbox = few}, flood, self());
      send(a, b);
      send(b, a);
      receive<done>();
      receive<done>();
    });
  }
}

TEST(mailbox_limit, holds_for_names_and_aliases) {
  in_every_mode([] {
    spawn_options options = limited({.messages = 3, .policy = when_full::drop_newest});
    options.name = "collector";
    spawn(
        options,
        [](pid reader) {
          send(reader, make_alias());
          collect(reader);
        },
        self());
    const alias also = receive<alias>();
    for (int i = 0; i < 5; ++i) {
      send("collector", number{2 * i});
      send(also, number{2 * i + 1});
    }
    EXPECT_EQ(collected(), up_to(3));
  });
}

TEST(mailbox_limit, what_reaches_a_withdrawn_alias_takes_no_room) {
  in_every_mode([] {
    const pid collector = spawn(
        limited({.messages = 2}),
        [](pid reader) {
          const alias own = make_alias();
          send(reader, own);
          receive<go>();
          unalias(own);
          send(reader, go{});
          collect(reader);
        },
        self());
    const alias gone = receive<alias>();
    send(collector, go{});
    receive<go>();
    for (int round = 0; round < 5; ++round) {
      for (int i = 0; i < 2; ++i) send(gone, number{i});
      EXPECT_EQ(collected(), numbers());
    }
    send_numbers(collector, 2);
    EXPECT_EQ(collected(), up_to(2));
  });
}

TEST(mailbox_limit, a_request_to_a_full_mailbox_is_refused_at_once_where_it_would_be_dropped) {
  in_every_mode([] {
    const pid full = spawn({.mailbox = {.messages = 1, .policy = when_full::drop_newest}}, wait_for_ever);
    send(full, number{0});
    const ref asked = request(full, number{1});
    try {
      receive_reply<int>(asked);
      ADD_FAILURE() << "an answer from nobody";
    } catch (const no_reply& refused) {
      EXPECT_EQ(refused.why().kind(), reason_kind::mailbox_full);
    }
  });
}

TEST(mailbox_limit, a_request_that_is_dropped_as_the_oldest_is_refused) {
  in_every_mode([] {
    const pid full = spawn({.mailbox = {.messages = 1, .policy = when_full::drop_oldest}}, [] {
      receive<go>();
      wait_for_ever();
    });
    spawn_options options = limited({.messages = 1, .policy = when_full::drop_oldest});
    const pid busy = spawn(options, [](pid peer) {
      while (is_alive(peer)) yield();
    }, full);
    const ref asked = request(busy, number{1});
    send(busy, number{2});
    EXPECT_THROW(receive_reply<int>(asked), no_reply);
    kill(full);
    EXPECT_EQ(end_of(busy), reason::normal);
  });
}

struct slow_server {
  void init() {}
  int handle_call(number asked) { return asked.value; }
  void handle_cast(go) { receive<done>(); }
};

TEST(mailbox_limit, a_call_that_is_parked_keeps_its_timeout) {
  in_every_mode([] {
    const pid full = spawn({.mailbox = {.messages = 1}}, wait_for_ever);
    send(full, number{0});
    const auto begun = now();
    EXPECT_THROW(call(server<slow_server>(full), number{1}, 20ms), call_timeout);
    EXPECT_GE(now() - begun, 20ms);
    EXPECT_THROW(call(server<slow_server>(full), number{1}, 0ms), no_reply);
  });
}

// Long before its time is up.
TEST(mailbox_limit, a_call_that_is_parked_hears_of_its_servers_end) {
  in_every_mode([] {
    const pid full = spawn({.mailbox = {.messages = 1}}, wait_for_ever);
    send(full, number{0});
    const pid caller = spawn(
        [](pid asked, pid parent) {
          try {
            call(server<slow_server>(asked), number{1}, 1h);
          } catch (const no_reply& none) {
            send(parent, none.why().kind());
          }
        },
        full, self());
    until_waiting(caller);
    kill(full);
    EXPECT_EQ(receive<reason_kind>(), reason_kind::noproc);
  });
}

TEST(mailbox_limit, timers_messages_are_let_in) {
  in_every_mode([] {
    const pid collector = spawn(limited({.messages = 1}), collect, self());
    for (int i = 0; i < 4; ++i) send_after(1ms, collector, number{i});
    until([&] { return info(collector)->mailbox_messages == 4; });
    EXPECT_EQ(collected().size(), 4u);
  });
}

TEST(mailbox_limit, a_plain_thread_waits_too) {
  on_schedulers([] {
    const pid collector = spawn(limited({.messages = 3}), collect, self());
    std::thread host([=, runtime = this_runtime()] {
      for (int i = 0; i < 50; ++i) runtime.send(collector, number{i});
    });
    numbers got;
    while (got.size() < 50) {
      for (const int each : collected()) got.push_back(each);
      EXPECT_LE(info(collector)->mailbox_messages, 3u);
    }
    host.join();
    EXPECT_EQ(got, up_to(50));
  });
}

TEST(mailbox_limit, a_plain_thread_goes_on_when_the_receiver_ends) {
  on_schedulers([] {
    const pid full = spawn({.mailbox = {.messages = 1}}, wait_for_ever);
    std::atomic<int> sent = 0;
    std::thread host([&, full, runtime = this_runtime()] {
      for (; sent < 5; ++sent) runtime.send(full, number{0});
    });
    until([&] { return sent == 1; });
    kill(full);
    end_of(full);
    host.join();
  });
}

TEST(mailbox_limit, a_producer_that_is_no_faster_by_design_does_not_fill_an_unlimited_mailbox) {
  in_every_mode([] {
    constexpr int count = 200'000;
    const pid consumer = spawn(
        [](pid reader) {
          std::size_t longest = 0;
          for (int i = 0; i < count; ++i) {
            receive<number>();
            if (i % 64 == 0) longest = std::max(longest, info(self())->mailbox_messages);
          }
          send(reader, longest);
        },
        self());
    for (int producers = 0; producers < 4; ++producers) spawn(send_numbers, consumer, count / 4);
    EXPECT_LE(receive<std::size_t>(), static_cast<std::size_t>(count / 4));  // however the machine delays the consumer's thread
  });
}

TEST(mailbox_limit, a_budget_of_the_runtime_bounds_all_mailboxes_together) {
  options given;
  given.mailbox_budget_bytes = 1 << 20;
  in_every_mode(
      [] {
        std::vector<pid> full;
        for (int i = 0; i < 8; ++i) full.push_back(spawn(wait_for_ever));
        std::size_t taken = 0;
        for (const pid each : full) {
          while (try_send(each, std::string(4'000, 'x')) == send_result::delivered) ++taken;
        }
        EXPECT_GE(taken, 240u);                      // of 262 that fit
        EXPECT_LE(taken, 270u + full.size() * 16u);  // what each may hold whatever the budget
        for (const pid each : full) kill(each);
        const pid collector = spawn(collect, self());
        spawn(send_numbers, collector, 100);
        numbers got;
        while (got.size() < 100) {
          for (const int each : collected()) got.push_back(each);
        }
        EXPECT_EQ(got, up_to(100));
      },
      given);
}

// Their receivers sleep on, and have looked at all that they hold.
TEST(mailbox_limit, who_waits_for_the_budget_goes_on_when_it_has_room_again) {
  options given;
  given.mailbox_budget_bytes = 1 << 20;
  in_every_mode(
      [] {
        const pid hog = spawn([] {
          for (;;) {
            receive<go>();
            receive<std::string>();
          }
        });
        for (int round = 0; round < 5; ++round) {
          send(hog, std::string(std::size_t{2} << 20, 'x'));
          std::vector<pid> senders;
          for (int i = 0; i < 3; ++i) {
            const pid picky = spawn(
                [](pid parent) {
                  receive<other>();
                  send(parent, done{});
                },
                self());
            senders.push_back(spawn(
                [](pid to) {
                  send_numbers(to, 20);
                  send(to, other{0});
                },
                picky));
            until_waiting(picky);
          }
          for (const pid each : senders) {
            until_waiting(each);
            EXPECT_EQ(info(each)->waits_for, wait_reason::room);
          }
          EXPECT_TRUE(none_left<done>());
          send(hog, go{});
          for (int i = 0; i < 3; ++i) receive<done>();
        }
        kill(hog);
      },
      given);
}

template <class Body>
std::string refusal(Body&& body) {
  try {
    body();
  } catch (const usage_error& wrong) {
    return wrong.what();
  }
  return "no error";
}

TEST(mailbox_limit, names_what_is_impossible) {
  in_mode({1, {}}, [] {
    const auto of = [](const mailbox_options& wrong) {
      return refusal([&] { spawn({.mailbox = wrong}, [] {}); });
    };
    EXPECT_EQ(of({.messages = 0}), "spawn_options::mailbox.messages: 0 is not a number from 1 to 67108864");
    EXPECT_EQ(of({.bytes = 0}), "spawn_options::mailbox.bytes: 0 is not a number from 256 to 4294967296");
    EXPECT_EQ(of({.messages = std::size_t{1} << 40}),
              "spawn_options::mailbox.messages: 1099511627776 is not a number from 1 to 67108864");
    EXPECT_EQ(of({.policy = when_full::drop_newest}),
              "spawn_options::mailbox.policy: a policy without a limit of messages or bytes");
    EXPECT_EQ(of({.messages = 1, .policy = static_cast<when_full>(9)}), "spawn_options::mailbox.policy: not a policy");
    EXPECT_NE(of({.types = {limit_for<number>({.messages = 0})}}).find("number.messages: 0 is not"), std::string::npos);
    EXPECT_NE(of({.types = {limit_for<number>({}), limit_for<number>({})}}).find("named twice"), std::string::npos);
    EXPECT_NE(of({.types = std::vector<type_limit>(9, limit_for<number>({}))}).find("there may be 8"), std::string::npos);
  });
  EXPECT_NE(refusal([] {
              options given;
              given.mailbox_budget_bytes = 5;
              mote::run([] {}, given);
            }).find("mailbox_budget_bytes"),
            std::string::npos);
}

// The next process of a block has nothing of the one before.
TEST(mailbox_limit, ends_with_its_process) {
  in_every_mode([] {
    for (int i = 0; i < 300; ++i) {
      const pid full = spawn({.mailbox = {.messages = 1, .policy = when_full::drop_newest}}, wait_for_ever);
      for (int n = 0; n < 3; ++n) send(full, number{n});
      kill(full);
      end_of(full);
      const pid free = spawn(collect, self());
      send_numbers(free, 20);
      EXPECT_EQ(collected(), up_to(20));
      receive([](reply_to, done) {});  // it asks again
      kill(free);
      end_of(free);
    }
  });
}

}  // namespace
}  // namespace mote::test
