// Requests and replies: exactly one of an answer, no_reply, or nothing after the timeout; and always found at once.
#include "tests/in_process.hpp"

#include <stdexcept>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct question {
  int value;
};
struct answer {
  int value;
};
struct filler {
  int value;
};
struct go {};

void doubler() {
  for (;;) receive([](reply_to from, question q) { reply(from, answer{2 * q.value}); });
}

TEST(request, is_answered) {
  in_every_mode([] {
    const pid server = spawn(doubler);
    for (int i = 0; i < 200; ++i) {
      const ref asked = request(server, question{i});
      EXPECT_TRUE(asked);
      EXPECT_EQ(receive_reply<answer>(asked).value, 2 * i);
    }
  });
}

TEST(request, reaches_a_name) {
  in_every_mode([] {
    spawn({.name = "doubler"}, doubler);
    EXPECT_EQ(receive_reply<answer>(request("doubler", question{21})).value, 42);
  });
}

TEST(request, of_several_are_answered_whatever_the_order_they_are_fetched_in) {
  in_every_mode([] {
    const pid server = spawn(doubler), other = spawn(doubler);
    std::vector<ref> asked;
    for (int i = 0; i < 50; ++i) asked.push_back(request(i % 2 == 0 ? server : other, question{i}));
    for (int i = 49; i >= 0; --i) EXPECT_EQ(receive_reply<answer>(asked[static_cast<std::size_t>(i)]).value, 2 * i);
  });
}

// Not by the clock: the mailbox's other messages are not even moved out of the inbox's list, so the count and order of all
// of them is as it was, and the answer's receive looks at none.
TEST(request, answer_is_found_behind_a_hundred_thousand_messages) {
  for (const mode& how : {mode{1, {}}, mode{2, {}}, mode{1, 1}}) {
    in_mode(how, [] {
      const pid server = spawn(doubler);
      for (int i = 0; i < 100'000; ++i) send(self(), filler{i});
      const std::uint64_t before = info(self())->reductions;
      for (int i = 0; i < 100; ++i) EXPECT_EQ(receive_reply<answer>(request(server, question{i})).value, 2 * i);
      EXPECT_LT(info(self())->reductions - before, 20'000u);
      EXPECT_EQ(info(self())->mailbox_messages, 100'000u);
      for (int i = 0; i < 100'000; ++i) ASSERT_EQ(receive<filler>().value, i);
    });
  }
}

TEST(request, is_no_message_and_an_answer_neither) {
  in_every_mode([] {
    const pid server = spawn([] {
      receive<go>();
      EXPECT_EQ(receive<question>().value, 2);  // the message, not the request before it
      EXPECT_FALSE(receive<question>(0ns));
      receive([](reply_to from, question q) { reply(from, answer{q.value}); });
      EXPECT_TRUE(receive([](reply_to, question) { return false; }, after(0ns, [] { return true; })));
    });
    const ref asked = request(server, question{1});
    send(server, question{2});
    send(server, go{});
    const ref watch = monitor(server);
    EXPECT_EQ(news_of(watch), reason::normal);
    EXPECT_FALSE(receive<answer>(0ns));
    EXPECT_TRUE(receive([](any_message) { return false; }, after(0ns, [] { return true; })));
    EXPECT_EQ(receive_reply<answer>(asked).value, 1);
  });
}

TEST(request, can_be_guarded) {
  in_every_mode([] {
    const pid server = spawn([] {
      const auto of = [](int wanted) { return [wanted](const question& q) { return q.value == wanted; }; };
      for (const int wanted : {2, 0, 1}) {
        receive(when(of(wanted), [](reply_to from, question q) { reply(from, answer{q.value}); }));
      }
    });
    const ref zero = request(server, question{0}), one = request(server, question{1}),
              two = request(server, question{2});
    EXPECT_EQ(receive_reply<answer>(zero).value, 0);
    EXPECT_EQ(receive_reply<answer>(one).value, 1);
    EXPECT_EQ(receive_reply<answer>(two).value, 2);
  });
}

TEST(receive_reply, gives_up_when_the_time_is_up_and_a_late_answer_vanishes) {
  in_every_mode([] {
    const pid server = spawn(
        [](pid to) {
          receive([to](reply_to from, question q) {
            receive<go>();
            reply(from, answer{q.value});
            send(to, go{});
          });
        },
        self());
    const ref asked = request(server, question{1});
    EXPECT_FALSE(receive_reply<answer>(asked, 1ms));
    send(server, go{});
    receive<go>();
    EXPECT_TRUE(receive([](any_message) { return false; }, after(0ns, [] { return true; })));
    EXPECT_THROW(receive_reply<answer>(asked), usage_error);
    EXPECT_EQ(info(self())->mailbox_messages, 0u);
  });
}

TEST(receive_reply, with_no_time_looks_whether_the_answer_is_there) {
  in_every_mode([] {
    const pid server = spawn(doubler);
    const ref asked = request(server, question{4});
    until_waiting(server);
    EXPECT_EQ(receive_reply<answer>(asked, 0ns).value_or(answer{-1}).value, 8);
    const pid idle = spawn([] { wait_for_ever(); });
    EXPECT_FALSE(receive_reply<answer>(request(idle, question{1}), 0ns));
    EXPECT_FALSE(receive_reply<answer>(request(idle, question{1}), -5s));
  });
}

TEST(receive_reply, of_a_process_that_had_ended_is_noproc) {
  in_every_mode([] {
    const auto [server, watch] = spawn_monitor([] {});
    news_of(watch);
    const ref asked = request(server, question{1});
    try {
      receive_reply<answer>(asked);
      ADD_FAILURE() << "was answered";
    } catch (const no_reply& none) {
      EXPECT_EQ(none.why(), reason::noproc);
    }
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(receive_reply, hears_when_the_one_asked_ends_before_it_takes_the_request) {
  in_every_mode([] {
    const pid server = spawn([] {
      receive<go>();
      exit(reason::timeout);
    });
    const ref asked = request(server, question{1});
    send(server, go{});
    EXPECT_EQ(why_no_reply<answer>(asked), reason::timeout);
    const pid victim = spawn([] { wait_for_ever(); });
    const ref other = request(victim, question{1});
    kill(victim);
    EXPECT_EQ(why_no_reply<answer>(other), reason::killed);
  });
}

TEST(receive_reply, hears_when_the_one_asked_ends_while_it_has_the_request) {
  in_every_mode([] {
    const pid server = spawn([] { receive([](reply_to, question) { throw std::runtime_error("cannot"); }); });
    const reason why = why_no_reply<answer>(request(server, question{1}));
    EXPECT_EQ(why.kind(), reason_kind::error);
    EXPECT_EQ(why.text(), "cannot");
    const pid silent = spawn([] { receive([](reply_to, question) {}); });
    EXPECT_EQ(why_no_reply<answer>(request(silent, question{1})), reason::normal);
  });
}

TEST(receive_reply, hears_when_the_request_was_taken_as_any_message_and_forgotten) {
  in_every_mode([] {
    const pid silent = spawn([] {
      receive([](any_message) {});
      receive<go>();
      exit(reason::shutdown);
    });
    const ref asked = request(silent, question{1});
    send(silent, go{});
    EXPECT_EQ(why_no_reply<answer>(asked), reason::shutdown);
  });
}

TEST(receive_reply, hears_nothing_of_an_end_after_the_answer) {
  in_every_mode([] {
    const auto [server, watch] = spawn_monitor([] {
      receive([](reply_to from, question q) { reply(from, answer{q.value}); });
      exit(reason::timeout);
    });
    const ref asked = request(server, question{3});
    EXPECT_EQ(news_of(watch), reason::timeout);
    EXPECT_EQ(receive_reply<answer>(asked).value, 3);
    EXPECT_TRUE(none_left<down>());
  });
}

TEST(receive_reply, left_alone_makes_no_reply_the_exit_reason) {
  in_every_mode([] {
    const pid server = spawn([] { receive([](reply_to, question) { exit(reason::error("broken", 9)); }); });
    const reason why = outcome([](pid whom) { receive_reply<answer>(request(whom, question{1})); }, server);
    EXPECT_EQ(why, reason::error("broken", 9));
    const reason dead = outcome([](pid whom) { receive_reply<answer>(request(whom, question{1})); }, server);
    EXPECT_EQ(dead, reason::noproc);
    const pid orderly = spawn([] { receive([](reply_to, question) {}); });
    const reason error = outcome([](pid whom) { receive_reply<answer>(request(whom, question{1})); }, orderly);
    EXPECT_EQ(error.kind(), reason_kind::error);
  });
}

// Whatever the race, one of: an answer, the reason; never both, never neither.
TEST(receive_reply, that_races_with_an_end_hears_exactly_once) {
  int answered = 0, refused = 0;  // in all modes together: the race was hit from both sides
  in_every_mode([&] {
    for (int i = 0; i < 400; ++i) {
      const pid server = spawn(
          [](int turns) {
            spawn_link(
                [](pid whom, int wait) {
                  for (int turn = 0; turn < wait; ++turn) yield();
                  exit(whom, reason::timeout);
                },
                self(), turns);
            doubler();
          },
          i % 6);
      for (int turn = 0; turn < i % 3; ++turn) yield();
      try {
        EXPECT_EQ(receive_reply<answer>(request(server, question{i})).value, 2 * i);
        ++answered;
      } catch (const no_reply& none) {
        EXPECT_TRUE(none.why() == reason::timeout || none.why() == reason::noproc) << none.why();
        ++refused;
      }
      end_of(server);
    }
    EXPECT_TRUE(receive([](any_message) { return false; }, after(0ns, [] { return true; })));
  });
  EXPECT_GT(answered, 0);
  EXPECT_GT(refused, 0);
}

TEST(receive_reply, of_another_type_is_a_mistake_that_names_both) {
  in_every_mode([] {
    const pid server = spawn(doubler);
    try {
      receive_reply<std::string>(request(server, question{1}));
      ADD_FAILURE() << "was accepted";
    } catch (const usage_error& wrong) {
      const std::string text = wrong.what();
      EXPECT_NE(text.find("answer"), std::string::npos) << text;
      EXPECT_NE(text.find("string"), std::string::npos) << text;
    }
  });
}

TEST(receive_reply, of_what_was_never_asked_is_a_mistake) {
  in_every_mode([] {
    EXPECT_THROW(receive_reply<answer>(ref()), usage_error);
    EXPECT_THROW(receive_reply<answer>(ref(), 1s), usage_error);
    const pid server = spawn(doubler);
    const ref asked = request(server, question{1});
    spawn(
        [](pid to, ref others) {
          try {
            receive_reply<answer>(others);
            send(to, false);
          } catch (const usage_error&) {
            send(to, true);
          }
        },
        self(), asked);
    EXPECT_TRUE(receive<bool>());
    EXPECT_EQ(receive_reply<answer>(asked).value, 2);
    EXPECT_THROW(receive_reply<answer>(asked), usage_error);
    EXPECT_THROW(receive_reply<answer>(monitor(server)), usage_error);
    EXPECT_THROW(receive_reply<answer>(make_alias().name()), usage_error);
  });
}

TEST(request, to_nobody_is_a_mistake) {
  in_every_mode([] { EXPECT_THROW(request(pid(), question{1}), usage_error); });
}

TEST(request, to_oneself_can_be_answered) {
  in_every_mode([] {
    const ref asked = request(self(), question{3});
    receive([](reply_to from, question q) { reply(from, answer{q.value + 1}); });
    EXPECT_EQ(receive_reply<answer>(asked).value, 4);
  });
}

TEST(request, that_nobody_fetches_leaves_nothing_behind) {
  const auto shared = std::make_shared<int>(1);
  in_every_mode([&] {
    const pid server = spawn(
        [](unsafe_share<int> thing) {
          for (;;) receive([&](reply_to from, question) { reply(from, thing); });
        },
        unsafe_share<int>(shared));
    EXPECT_EQ(outcome(
                  [](pid whom) {
                    for (int i = 0; i < 20; ++i) request(whom, question{i});
                    sleep_for(100us);
                  },
                  server),
              reason::normal);
    kill(server);
    end_of(server);
    until([&] { return shared.use_count() == 1; });
  });
}

}  // namespace
}  // namespace mote::test
