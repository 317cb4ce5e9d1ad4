// mote::outside_mailbox: what processes send to it reaches the host's threads, in order, with a descriptor that tells of it and
// loses no edge; and its end in every order with the runtime's.
#include "tests/embedding/hosted.hpp"

#include <fcntl.h>
#include <future>
#include <poll.h>
#include <sys/epoll.h>
#include <thread>
#include <unistd.h>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct word {
  std::string text;
};
struct ask {
  pid from;
};

bool readable(const outside_mailbox& box, int timeout_ms) {
  pollfd one{box.fd(), POLLIN, 0};
  return ::poll(&one, 1, timeout_ms) == 1;
}
constexpr int for_ever = -1;

TEST(outside_mailbox, brings_messages_in_the_order_sent) {
  runtime rt(small());
  outside_mailbox box(rt);
  rt.spawn(
      [](pid to) {
        for (int i = 0; i < 5'000; ++i) send(to, number{i});
      },
      box.id());
  for (int i = 0; i < 5'000; ++i) ASSERT_EQ(box.receive<number>().value, i);
  EXPECT_FALSE(box.try_receive<number>());
}

TEST(outside_mailbox, takes_what_a_handler_wants_and_leaves_the_rest) {
  runtime rt(small());
  outside_mailbox box(rt);
  rt.call([to = box.id()] {
    for (int i = 0; i < 3; ++i) {
      send(to, number{i});
      send(to, "text " + std::to_string(i));
    }
  });
  EXPECT_EQ(box.receive<std::string>(), "text 0");
  EXPECT_EQ(box.receive(when([](const number& got) { return got.value == 2; }, [](number got) { return got.value; })), 2);
  EXPECT_EQ(box.receive([](const std::string& got) { return got; }, [](number got) { return std::to_string(got.value); }), "0");
  EXPECT_EQ(box.receive([](any_message got) { return got.get<number>()->value; }), 1);
  EXPECT_EQ(box.receive<std::string>(1h), "text 1");
  EXPECT_FALSE(box.receive<number>(1ms));
  EXPECT_EQ(box.receive([](word) { return 1; }, after(0s, [] { return 2; })), 2);
  EXPECT_EQ(box.try_receive<std::string>(), "text 2");
}

TEST(outside_mailbox, finds_what_is_far_behind) {
  runtime rt(small(1));
  outside_mailbox box(rt);
  rt.spawn(
      [](pid to) {
        for (int i = 0; i < 20'000; ++i) send(to, number{i});
        send(to, word{"the last"});
      },
      box.id());
  EXPECT_EQ(box.receive<word>().text, "the last");
  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(box.try_receive<number>()->value, i);
}

TEST(outside_mailbox, that_drops_its_oldest_brings_the_others_and_rests) {
  runtime rt(small());
  outside_mailbox box(rt, {.mailbox = {.messages = 8, .policy = when_full::drop_oldest}});
  for (int round = 0; round < 20; ++round) {
    rt.call([to = box.id()] {
      for (int i = 0; i < 100; ++i) send(to, number{i});
    });
    for (int last = -1; last != 99;) {
      const int got = box.receive<number>().value;
      ASSERT_GT(got, last);
      last = got;
    }
    EXPECT_FALSE(box.try_receive<number>());
    rt.call(until_waiting, box.id());
  }
}

TEST(outside_mailbox, polls_readable_until_all_has_been_looked_at) {
  runtime rt(small());
  outside_mailbox box(rt);
  EXPECT_FALSE(readable(box, 0));
  rt.call([to = box.id()] {
    send(to, number{1});
    send(to, number{2});
  });
  EXPECT_TRUE(readable(box, for_ever));
  EXPECT_EQ(box.receive<number>().value, 1);
  EXPECT_EQ(box.receive<number>().value, 2);
  EXPECT_FALSE(box.try_receive<number>());
  EXPECT_FALSE(readable(box, 0));
  rt.send(box.id(), word{"unwanted"});
  EXPECT_TRUE(readable(box, for_ever));
  EXPECT_FALSE(box.try_receive<number>());
  EXPECT_FALSE(readable(box, 0));  // it has been looked at
  EXPECT_EQ(box.try_receive<word>()->text, "unwanted");
}

// Each message is sent as soon as the one before has been taken, from where the host is about to go back to sleep.
TEST(outside_mailbox, loses_no_edge) {
  for (const std::uint32_t how : {std::uint32_t{EPOLLIN}, EPOLLIN | std::uint32_t{EPOLLET}}) {
    runtime rt(small());
    outside_mailbox box(rt);
    const int loop = ::epoll_create1(EPOLL_CLOEXEC);
    epoll_event wanted{how, {}};
    ASSERT_EQ(::epoll_ctl(loop, EPOLL_CTL_ADD, box.fd(), &wanted), 0);
    constexpr int senders = 4, rounds = 2'000;
    std::vector<pid> all;
    for (int i = 0; i < senders; ++i) {
      all.push_back(rt.spawn(
          [](pid to) {
            for (int sent = 0; sent < rounds; ++sent) {
              receive<number>();
              send(to, self());
            }
          },
          box.id()));
    }
    for (const pid one : all) rt.send(one, number{0});
    int taken = 0, waits = 0;
    while (taken < senders * rounds) {
      epoll_event news;
      ASSERT_EQ(::epoll_wait(loop, &news, 1, 60'000), 1) << "after " << taken;
      ++waits;
      while (const auto from = box.try_receive<pid>()) {
        ++taken;
        rt.send(*from, number{0});
      }
    }
    EXPECT_GT(waits, 1);
    ::close(loop);
  }
}

TEST(outside_mailbox, hears_all_threads_that_send) {
  runtime rt(small());
  outside_mailbox box(rt);
  std::vector<std::thread> hosts;
  for (int host = 0; host < 4; ++host) {
    hosts.emplace_back([&] {
      for (int i = 0; i < 500; ++i) rt.send(box.id(), number{1});
    });
  }
  int sum = 0;
  while (sum < 2'000) sum += box.receive<number>().value;
  for (std::thread& host : hosts) host.join();
  EXPECT_FALSE(box.try_receive<number>());
}

TEST(outside_mailbox, shares_its_messages_among_threads_that_receive) {
  runtime rt(small());
  outside_mailbox box(rt);
  std::atomic<int> sum{0};
  std::vector<std::thread> hosts;
  for (int host = 0; host < 3; ++host) {
    hosts.emplace_back([&] {
      for (int i = 0; i < 200; ++i) sum += box.receive<number>().value;
    });
  }
  for (int i = 0; i < 600; ++i) rt.send(box.id(), number{i});
  for (std::thread& host : hosts) host.join();
  EXPECT_EQ(sum, 599 * 600 / 2);
}

TEST(outside_mailbox, is_asked_and_answers) {
  runtime rt(small());
  outside_mailbox box(rt);
  std::thread host([&] {
    for (int i = 0; i < 100; ++i) {
      const auto [from, value] = box.receive([](reply_to asker, number question) { return std::pair(asker, question.value); });
      box.reply(from, number{value * 2});
    }
  });
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(rt.call([=, to = box.id()] { return receive_reply<number>(request(to, number{i})).value; }), 2 * i);
  }
  host.join();
}

TEST(outside_mailbox, tells_who_asked_when_it_ends_without_an_answer) {
  runtime rt(small());
  auto box = std::make_unique<outside_mailbox>(rt);
  auto answer = std::async(std::launch::async, [&, to = box->id()] {
    return rt.call([to] { return receive_reply<number>(request(to, number{1})).value; });
  });
  box->receive([](reply_to, number) {});
  box.reset();
  EXPECT_THROW(answer.get(), no_reply);
}

TEST(outside_mailbox, is_a_process_with_a_name_that_can_be_monitored) {
  runtime rt(small());
  auto box = std::make_unique<outside_mailbox>(rt, spawn_options{.name = "host", .label = "the host's"});
  rt.call([] { send("host", number{4}); });
  EXPECT_EQ(box->receive<number>().value, 4);
  std::promise<void> watched;
  auto news = std::async(std::launch::async, [&, who = box->id()] {
    return rt.call([&] {
      EXPECT_EQ(info(who)->label, "the host's");
      const ref watch = monitor(who);
      watched.set_value();
      return news_of(watch);
    });
  });
  watched.get_future().wait();
  box.reset();
  EXPECT_EQ(news.get(), reason::normal);
  EXPECT_FALSE(rt.call([] { return static_cast<bool>(whereis("host")); }));
}

TEST(outside_mailbox, works_in_a_program_that_mote_runs) {
  mote::run(
      [] {
        std::thread host([here = this_runtime(), me = self()] {
          outside_mailbox box(here);
          here.send(me, ask{box.id()});
          here.send(me, number{box.receive<number>().value + 1});
        });
        const ask who = receive<ask>();
        send(who.from, number{1});
        EXPECT_EQ(receive<number>().value, 2);
        host.join();
      },
      with({2, {}}));
}

TEST(outside_mailbox, drops_what_comes_after_its_end) {
  runtime rt(small());
  const auto shared = std::make_shared<int>(0);
  pid gone;
  {
    outside_mailbox box(rt);
    gone = box.id();
    rt.send(gone, unsafe_share(shared));
    rt.send(gone, unsafe_share(shared));
    box.receive<unsafe_share<int>>();
  }
  rt.send(gone, unsafe_share(shared));
  rt.call([=] {
    end_of(gone);
    send(gone, unsafe_share(shared));
  });
  EXPECT_EQ(shared.use_count(), 1);
  rt.shutdown();
}

TEST(outside_mailbox, closed_is_closed) {
  runtime rt(small());
  outside_mailbox box(rt);
  const int descriptor = box.fd();
  EXPECT_TRUE(box.is_open());
  box.close();
  box.close();
  EXPECT_FALSE(box.is_open());
  EXPECT_EQ(::fcntl(descriptor, F_GETFD), -1);
  EXPECT_THROW(box.receive<number>(), usage_error);
  EXPECT_THROW(box.try_receive<number>(), usage_error);
}

TEST(outside_mailbox, close_ends_another_thread_s_wait) {
  runtime rt(small());
  outside_mailbox box(rt);
  std::thread host([&] { EXPECT_ANY_THROW(box.receive<number>()); });
  rt.send(box.id(), word{"unwanted"});
  box.close();
  host.join();
}

TEST(outside_mailbox, hears_the_last_words_before_a_shutdown_ends_it) {
  auto rt = std::make_unique<runtime>(small());
  outside_mailbox box(*rt);
  const pid last = rt->spawn(
      [](pid to) {
        struct farewell {
          pid to;
          ~farewell() { send(to, word{"farewell"}); }
        };
        const farewell said{to};
        send(to, number{1});
        wait_for_ever();
      },
      box.id());
  box.receive<number>();
  EXPECT_TRUE(rt->shutdown().empty());
  EXPECT_FALSE(box.is_open());
  EXPECT_TRUE(readable(box, for_ever));
  EXPECT_EQ(box.receive<word>().text, "farewell");
  EXPECT_FALSE(box.try_receive<word>());
  EXPECT_TRUE(readable(box, 0));  // for good
  try {
    box.receive<word>();
    ADD_FAILURE() << "a message";
  } catch (const no_reply& none) {
    EXPECT_EQ(none.why(), reason::shutdown);
  }
  rt.reset();
  EXPECT_FALSE(box.try_receive<word>());
  box.reply(reply_to(), number{1});
  static_cast<void>(last);
}

TEST(outside_mailbox, tells_that_its_process_was_killed) {
  runtime rt(small());
  outside_mailbox box(rt);
  std::thread host([&, victim = box.id()] { rt.call([=] { kill(victim); }); });
  try {
    box.receive<number>();
    ADD_FAILURE() << "a message";
  } catch (const no_reply& none) {
    EXPECT_EQ(none.why(), reason::killed);
  }
  host.join();
}

TEST(outside_mailbox, is_refused_where_it_cannot_be) {
  runtime rt(small());
  const auto handle = rt.handle();
  {
    outside_mailbox box(rt);
    EXPECT_THROW(rt.call([&] { box.try_receive<number>(); }), usage_error);
  }
  rt.shutdown();
  EXPECT_THROW(outside_mailbox late(handle), usage_error);
  EXPECT_THROW(outside_mailbox late(rt), usage_error);
}

TEST(outside_mailbox, may_end_while_others_send_to_it) {
  runtime rt(small());
  const auto shared = std::make_shared<int>(0);
  for (int round = 0; round < 100; ++round) {
    auto box = std::make_unique<outside_mailbox>(rt);
    const pid sender = rt.spawn(
        [](pid to, unsafe_share<int> thing) {
          for (;;) {
            send(to, thing);
            checkpoint();
          }
        },
        box->id(), unsafe_share(shared));
    for (int i = 0; i < round % 5; ++i) box->receive<unsafe_share<int>>();
    box.reset();
    rt.call([=] {
      kill(sender);
      end_of(sender);
    });
  }
  EXPECT_TRUE(rt.shutdown().empty());
  EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace mote::test
