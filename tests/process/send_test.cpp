// Sending: order, what the sender keeps, names, aliases, and what becomes of a message to nobody.
#include "tests/in_process.hpp"

#include <thread>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct number {
  int value;
};
struct tagged {
  int sender, value;
};
struct go {};

TEST(send, keeps_the_order_between_two_processes) {
  in_every_mode([] {
    constexpr int senders = 4, each = 2'000;
    for (int s = 0; s < senders; ++s) {
      spawn(
          [](pid to, int sender) {
            for (int i = 0; i < each; ++i) send(to, tagged{sender, i});
          },
          self(), s);
    }
    std::vector<int> next(senders);
    for (int i = 0; i < senders * each; ++i) {
      const tagged got = receive<tagged>();
      EXPECT_EQ(got.value, next[static_cast<std::size_t>(got.sender)]++);
    }
    EXPECT_TRUE(none_left<tagged>());
  });
}

TEST(send, keeps_one_order_over_pid_name_and_alias) {
  in_every_mode([] {
    register_name("here", self());
    spawn(
        [](pid to, alias other) {
          for (int i = 0; i < 300; i += 3) {
            send(to, number{i});
            send("here", number{i + 1});
            send(other, number{i + 2});
          }
        },
        self(), make_alias());
    for (int i = 0; i < 300; ++i) EXPECT_EQ(receive<number>().value, i);
  });
}

// Whether it is taken from the mailbox after a wait, handed over on waking, or found on the way in.
TEST(send, keeps_the_order_whatever_the_receiver_does_meanwhile) {
  in_every_mode([] {
    const pid child = spawn(
        [](pid to) {
          for (int i = 0; i < 300; ++i) {
            EXPECT_EQ(receive<number>().value, i);
            if (i % 7 == 0) sleep_for(1us);
            if (i % 11 == 0) receive<go>(0ns);
            if (i % 13 == 0) receive<tagged>(1us);
          }
          send(to, go{});
        },
        self());
    for (int i = 0; i < 300; ++i) {
      send(child, number{i});
      if (i % 5 == 0) yield();
      if (i % 17 == 0) until_waiting(child);
    }
    receive<go>();
  });
}

TEST(send, copies_lvalues_and_moves_rvalues) {
  in_every_mode([] {
    std::vector<int> kept{1, 2, 3};
    send(self(), kept);
    kept.push_back(4);
    EXPECT_EQ(receive<std::vector<int>>(), (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(kept.size(), 4u);
    const int* const block = kept.data();
    send(self(), std::move(kept));
    EXPECT_EQ(receive<std::vector<int>>().data(), block);
  });
}

TEST(send, of_a_string_literal_is_received_as_a_string) {
  in_every_mode([] {
    send(self(), "literal");
    EXPECT_EQ(receive<std::string>(), "literal");
    try_send(self(), "another");
    EXPECT_EQ(receive<std::string>(), "another");
    send_after(0ns, self(), "later");
    EXPECT_EQ(receive<std::string>(), "later");
  });
}

TEST(send, to_a_process_that_has_ended_vanishes) {
  const auto shared = std::make_shared<int>(1);
  in_every_mode([&] {
    const auto [child, watch] = spawn_monitor([] {});
    news_of(watch);
    send(child, unsafe_share<int>(shared));
    EXPECT_EQ(shared.use_count(), 1);
    spawn([] {});
    send(child, unsafe_share<int>(shared));
    EXPECT_EQ(shared.use_count(), 1);
  });
}

TEST(send, to_nobody_vanishes) {
  in_every_mode([] {
    send(pid(), number{1});
    send(pid(self().place() + 1'000, self().index(), self().generation()), number{1});
    send(pid(self().place(), self().index(), self().generation() + 1), number{1});
    send(pid(self().place(), 0xFFFF'FFFF, 1), number{1});
    send(alias(), number{1});
    EXPECT_TRUE(none_left<number>());
  });
}

TEST(send, never_reaches_a_later_process_in_the_same_slot) {
  in_every_mode([] {
    for (int i = 0; i < 300; ++i) {
      const auto [child, watch] = spawn_monitor([] { yield(); });
      for (int n = 0; n < i % 4; ++n) yield();
      send(child, number{1});  // may be there still, or be ending
      news_of(watch);
      send(child, number{2});
      EXPECT_EQ(outcome([] {
                  if (receive<number>(0ns)) exit(reason::error("not for me"));
                }),
                reason::normal);
    }
  });
}

TEST(send, to_a_name_that_nobody_has_is_a_mistake_that_names_it) {
  in_every_mode([] {
    try {
      send("nobody at all", number{1});
      ADD_FAILURE() << "was accepted";
    } catch (const usage_error& refused) {
      EXPECT_NE(std::string(refused.what()).find("nobody at all"), std::string::npos) << refused.what();
    }
    EXPECT_THROW(send("", number{1}), usage_error);
  });
}

TEST(try_send, tells_whether_anybody_was_there) {
  in_every_mode([] {
    EXPECT_EQ(try_send(self(), number{5}), send_result::delivered);
    EXPECT_EQ(receive<number>().value, 5);
    const auto [child, watch] = spawn_monitor([] {});
    news_of(watch);
    EXPECT_EQ(try_send(child, number{5}), send_result::no_process);
    EXPECT_EQ(try_send(pid(), number{5}), send_result::no_process);
  });
}

TEST(try_send, reaches_names_and_aliases) {
  in_every_mode([] {
    register_name("here", self());
    const alias other = make_alias();
    EXPECT_EQ(try_send("here", number{1}), send_result::delivered);
    EXPECT_EQ(try_send(other, number{2}), send_result::delivered);
    EXPECT_EQ(receive<number>().value, 1);
    EXPECT_EQ(receive<number>().value, 2);
    unalias(other);
    EXPECT_EQ(try_send(other, number{3}), send_result::delivered);
    EXPECT_TRUE(none_left<number>());
    EXPECT_EQ(try_send(alias(), number{4}), send_result::no_process);
  });
}

// Whether the call refuses the name "ada", in words of its own.
template <class Call>
bool refuses_ada(const std::string& name, Call&& call) {
  try {
    call();
  } catch (const usage_error& refused) {
    return refused.what() == "mote::" + name + ": nobody has the name \"ada\"";
  }
  return false;
}

TEST(names, that_nobody_has_are_refused_in_the_name_of_the_call) {
  in_every_mode([] {
    EXPECT_TRUE(refuses_ada("send", [] { send("ada", go{}); }));
    EXPECT_TRUE(refuses_ada("try_send", [] { try_send("ada", go{}); }));
    EXPECT_TRUE(refuses_ada("send_after", [] { send_after(1ms, "ada", go{}); }));
    EXPECT_TRUE(refuses_ada("request", [] { request("ada", go{}); }));
    EXPECT_TRUE(refuses_ada("runtime_handle::send", [] { this_runtime().send("ada", go{}); }));
    EXPECT_TRUE(refuses_ada("runtime_handle::try_send", [] { this_runtime().try_send("ada", go{}); }));
  });
}

TEST(alias, brings_messages_until_it_is_withdrawn) {
  in_every_mode([] {
    const alias second = make_alias();
    EXPECT_TRUE(second);
    EXPECT_EQ(second.owner(), self());
    send(second, number{1});
    send(second, number{2});
    EXPECT_EQ(receive<number>().value, 1);
    EXPECT_EQ(receive<number>().value, 2);
    EXPECT_TRUE(unalias(second));
    EXPECT_FALSE(unalias(second));
    send(second, number{3});
    EXPECT_TRUE(none_left<number>());
  });
}

TEST(alias, withdrawn_leaves_what_is_in_the_mailbox) {
  in_every_mode([] {
    const alias second = make_alias();
    const auto [child, watch] = spawn_monitor([](alias to) { send(to, number{1}); }, second);
    news_of(watch);
    EXPECT_TRUE(unalias(second));
    EXPECT_EQ(receive<number>().value, 1);
  });
}

TEST(alias, once_brings_one_message) {
  in_every_mode([] {
    const alias second = make_alias(true);
    for (int i = 1; i < 4; ++i) send(second, number{i});
    EXPECT_EQ(receive<number>().value, 1);
    EXPECT_TRUE(none_left<number>());
    EXPECT_FALSE(unalias(second));
  });
}

TEST(alias, of_many_each_reaches_its_own) {
  in_every_mode([] {
    std::vector<alias> names;
    for (int i = 0; i < 100; ++i) names.push_back(make_alias(i % 2 == 0));
    for (std::size_t i = 1; i < names.size(); ++i) EXPECT_NE(names[i - 1], names[i]);
    for (std::size_t i = 0; i < names.size(); i += 3) EXPECT_TRUE(unalias(names[i]));
    int expected = 0;
    for (std::size_t i = 0; i < names.size(); ++i) {
      send(names[i], number{static_cast<int>(i)});
      expected += i % 3 != 0;
    }
    int seen = 0;
    while (const auto got = receive<number>(0ns)) {
      EXPECT_NE(got->value % 3, 0);
      ++seen;
    }
    EXPECT_EQ(seen, expected);
  });
}

TEST(alias, can_be_withdrawn_by_its_owner_only) {
  in_every_mode([] {
    const alias mine = make_alias();
    spawn([](pid to, alias other) { send(to, unalias(other)); }, self(), mine);
    EXPECT_FALSE(receive<bool>());
    send(mine, number{1});
    EXPECT_EQ(receive<number>().value, 1);
  });
}

TEST(bytes, are_shared_by_count_and_not_copied) {
  in_every_mode([] {
    const bytes large(std::string(100'000, 'b'));
    const auto [child, watch] = spawn_monitor([](pid to) { send(to, receive<bytes>()); }, self());
    send(child, large);
    const bytes back = receive<bytes>();
    EXPECT_EQ(back.data(), large.data());
    news_of(watch);
    until([&] { return large.holders() == 2; });
  });
}

// A sender to a long mailbox is charged more, so it makes room for the receiver sooner; nothing is refused or lost.
TEST(send, to_a_long_mailbox_loses_nothing) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([] {
      receive<go>();
      for (int i = 0; i < 20'000; ++i) EXPECT_EQ(receive<number>().value, i);
    });
    for (int i = 0; i < 20'000; ++i) send(child, number{i});
    send(child, go{});
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(runtime_handle, sends_from_plain_threads_in_their_order) {
  for (const mode& how : {mode{1, {}}, mode{2, {}}}) {
    in_mode(how, [] {
      const runtime_handle here = this_runtime();
      const pid to = self();
      std::vector<std::thread> outside;
      for (int t = 0; t < 2; ++t) {
        outside.emplace_back([=] {
          for (int i = 0; i < 2'000; ++i) here.send(to, tagged{t, i});
          here.send(pid(), tagged{t, -1});
        });
      }
      std::vector<int> next(2);
      for (int i = 0; i < 4'000; ++i) {
        const tagged got = receive<tagged>();
        EXPECT_EQ(got.value, next[static_cast<std::size_t>(got.sender)]++);
      }
      for (std::thread& one : outside) one.join();
      EXPECT_TRUE(none_left<tagged>());
    });
  }
}

}  // namespace
}  // namespace mote::test
