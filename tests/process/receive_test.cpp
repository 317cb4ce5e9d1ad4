// Receiving: which message is taken, which are left, in what order, and for how long it waits.
#include "tests/in_process.hpp"

#include <stdexcept>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct number {
  int value;
};
struct word {
  std::string text;
};
struct go {};

std::vector<int> all_numbers() {
  std::vector<int> found;
  while (const auto next = receive<number>(0ns)) found.push_back(next->value);
  return found;
}

void send_numbers(int count) {
  for (int i = 0; i < count; ++i) send(self(), number{i});
}

TEST(receive, takes_the_oldest_that_any_handler_accepts) {
  in_every_mode([] {
    send(self(), word{"first"});
    send(self(), number{2});
    send(self(), word{"third"});
    EXPECT_EQ(receive([](number n) { return n.value; }, [](const word& w) { return static_cast<int>(w.text.size()); }),
              5);
    EXPECT_EQ(receive([](word&& w) { return w.text; }), "third");
    EXPECT_EQ(receive<number>().value, 2);
  });
}

TEST(receive, leaves_the_others_in_their_order) {
  in_every_mode([] {
    send_numbers(10);
    const auto take = [](int wanted) {
      receive(when([=](const number& n) { return n.value == wanted; }, [](number) {}));
    };
    for (const int wanted : {9, 0, 5, 4}) take(wanted);
    send(self(), number{10});
    EXPECT_EQ(all_numbers(), (std::vector<int>{1, 2, 3, 6, 7, 8, 10}));
  });
}

TEST(receive, calls_the_first_of_several_handlers_that_accept) {
  in_every_mode([] {
    send(self(), number{1});
    EXPECT_EQ(receive(
                  when([](const number& n) { return n.value > 5; }, [](number) { return 1; }), [](number) { return 2; },
                  [](any_message) { return 3; }),
              2);
  });
}

TEST(receive, goes_by_the_exact_type) {
  in_every_mode([] {
    send(self(), 1);
    send(self(), 2u);
    send(self(), 3l);
    send(self(), std::string("four"));
    EXPECT_FALSE(receive<short>(0ns));
    EXPECT_FALSE(receive<double>(0ns));
    EXPECT_EQ(receive<long>(), 3);
    EXPECT_EQ(receive<unsigned>(), 2u);
    EXPECT_EQ(receive<int>(), 1);
    EXPECT_EQ(receive<std::string>(), "four");
  });
}

TEST(receive, returns_the_common_type_of_its_handlers) {
  in_every_mode([] {
    send(self(), number{1});
    const auto seen = receive([](number n) { return n.value; }, [](word) { return 0.5; });
    static_assert(std::is_same_v<decltype(seen), const double>);
    EXPECT_EQ(seen, 1.0);
  });
}

TEST(receive, takes_plain_functions_as_handlers) {
  struct seen {
    static int it(number n) { return n.value; }
  };
  in_every_mode([] {
    send(self(), number{8});
    EXPECT_EQ(receive(&seen::it), 8);
  });
}

TEST(receive, waits_for_a_message_that_comes_later) {
  in_every_mode([] {
    const pid child = spawn(
        [](pid to) {
          receive<go>();
          send(to, number{1});
        },
        self());
    EXPECT_TRUE(none_left<number>());
    send(child, go{});
    EXPECT_EQ(receive<number>().value, 1);
  });
}

TEST(receive, waits_on_when_only_others_come) {
  in_every_mode([] {
    const pid child = spawn(
        [](pid to) {
          const word got = receive<word>();
          send(to, got);
          std::vector<int> left;
          while (const auto next = receive<number>(0ns)) left.push_back(next->value);
          send(to, std::move(left));
        },
        self());
    for (int i = 0; i < 20; ++i) {
      send(child, number{i});
      if (i % 3 == 0) until_waiting(child);
    }
    send(child, word{"now"});
    EXPECT_EQ(receive<word>().text, "now");
    std::vector<int> expected(20);
    for (int i = 0; i < 20; ++i) expected[static_cast<std::size_t>(i)] = i;
    EXPECT_EQ(receive<std::vector<int>>(), expected);
  });
}

TEST(when, leaves_the_message_to_a_later_receive) {
  in_every_mode([] {
    send_numbers(3);
    EXPECT_EQ(receive(when([](const number& n) { return n.value == 2; }, [](number n) { return n.value; })), 2);
    EXPECT_EQ(receive(when([](const number& n) { return n.value == 7; }, [](number n) { return n.value; }),
                      after(0ns, [] { return -1; })),
              -1);
    EXPECT_EQ(all_numbers(), (std::vector<int>{0, 1}));
  });
}

TEST(when, that_throws_leaves_the_mailbox_as_it_was) {
  in_every_mode([] {
    send_numbers(3);
    EXPECT_THROW(receive(when(
                     [](const number& n) -> bool {
                       if (n.value == 1) throw std::runtime_error("one");
                       return false;
                     },
                     [](number) {})),
                 std::runtime_error);
    EXPECT_EQ(all_numbers(), (std::vector<int>{0, 1, 2}));
  });
}

TEST(receive, handler_that_throws_does_not_put_its_message_back) {
  in_every_mode([] {
    send_numbers(2);
    EXPECT_THROW(receive([](number) { throw std::runtime_error("zero"); }), std::runtime_error);
    EXPECT_EQ(all_numbers(), (std::vector<int>{1}));
  });
}

TEST(any_message, takes_whatever_is_left) {
  in_every_mode([] {
    send(self(), word{"text"});
    send(self(), number{4});
    receive([](any_message any) {
      EXPECT_NE(any.type().find("word"), std::string_view::npos);
      EXPECT_EQ(any.get<number>(), nullptr);
      ASSERT_NE(any.get<word>(), nullptr);
      EXPECT_EQ(any.get<word>()->text, "text");
      EXPECT_FALSE(any.from());
    });
    receive([](any_message any) { EXPECT_EQ(any.get<number>()->value, 4); });
    EXPECT_TRUE(receive([](any_message) { return false; }, after(0ns, [] { return true; })));
  });
}

TEST(any_message, takes_news_of_others) {
  in_every_mode([] {
    const auto [child, watch] = spawn_monitor([] {});
    receive([expected = watch](any_message any) {
      ASSERT_NE(any.get<down>(), nullptr);
      EXPECT_EQ(any.get<down>()->monitor, expected);
    });
  });
}

TEST(after, of_zero_or_less_looks_at_what_is_there_once) {
  in_every_mode([] {
    for (const std::chrono::nanoseconds none :
         {0ns, -1ns, std::chrono::nanoseconds(-5h), std::chrono::nanoseconds::min()}) {
      EXPECT_FALSE(receive<number>(none));
      send(self(), word{"other"});
      send(self(), number{3});
      EXPECT_EQ(receive([](number n) { return n.value; }, after(none, [] { return -1; })), 3);
      EXPECT_EQ(receive([](number n) { return n.value; }, after(none, [] { return -1; })), -1);
      receive<word>();
    }
  });
}

TEST(after, is_never_early) {
  in_every_mode([] {
    for (const std::chrono::nanoseconds delay : {1ns, std::chrono::nanoseconds(1us), std::chrono::nanoseconds(3ms)}) {
      const auto begun = now();
      EXPECT_FALSE(receive<number>(delay));
      EXPECT_GE(now() - begun, delay);
    }
  });
}

TEST(after, is_not_put_off_by_messages_of_other_types) {
  in_every_mode([] {
    const pid chatter = spawn(
        [](pid to) {
          for (;;) {
            send(to, word{"chatter"});
            sleep_for(100us);
          }
        },
        self());
    const auto begun = now();
    EXPECT_FALSE(receive<number>(2ms));
    EXPECT_GE(now() - begun, 2ms);
    kill(chatter);
    end_of(chatter);
  });
}

TEST(after, of_the_longest_time_waits_for_ever) {
  in_every_mode([] {
    const pid child =
        spawn([](pid to) { send(to, receive<number>(std::chrono::nanoseconds::max()).value_or(number{-1})); }, self());
    until_waiting(child);
    send(child, number{6});
    EXPECT_EQ(receive<number>().value, 6);
  });
}

TEST(after, alone_is_called_when_the_time_is_up) {
  in_every_mode([] {
    EXPECT_EQ(receive([](number) { return 1; }, after(1us, [] { return 2; })), 2);
    send(self(), number{0});
    EXPECT_EQ(receive([](number) { return 1; }, after(1000h, [] { return 2; })), 1);
  });
}

TEST(receive, can_be_called_by_a_handler) {
  in_every_mode([] {
    send(self(), number{0});
    send(self(), word{"a"});
    send(self(), number{1});
    send(self(), word{"b"});
    const std::string seen = receive([](number n) {
      return std::to_string(n.value) + receive([](word w) { return w.text + std::to_string(receive<number>().value); });
    });
    EXPECT_EQ(seen, "0a1");
    EXPECT_EQ(receive<word>().text, "b");
  });
}

TEST(receive, can_be_called_by_a_timeout_s_handler) {
  in_every_mode([] {
    send(self(), word{"kept"});
    EXPECT_EQ(receive([](number) { return std::string(); }, after(0ns, [] { return receive<word>().text; })), "kept");
  });
}

TEST(receive, takes_from_a_hundred_thousand_what_is_wanted) {
  in_mode({1, {}}, [] {
    send_numbers(100'000);
    send(self(), word{"at the end"});
    EXPECT_EQ(receive<word>().text, "at the end");
    for (int i = 0; i < 100'000; ++i) ASSERT_EQ(receive<number>().value, i);
  });
}

TEST(receive, of_a_message_that_is_dropped_at_the_end_destroys_it_once) {
  const auto shared = std::make_shared<int>(1);
  in_every_mode([&] {
    const pid child = spawn([] { wait_for_ever(); });
    for (int i = 0; i < 10; ++i) send(child, unsafe_share<int>(shared));
    until_waiting(child);
    send(child, unsafe_share<int>(shared));
    kill(child);
    end_of(child);
    until([&] { return shared.use_count() == 1; });
  });
  EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace mote::test
