// Who may answer a request, how often, and what becomes of an answer that nobody waits for.
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct question {
  int value;
};
struct answer {
  int value;
};
struct go {};
struct passed_on {
  reply_to to;
  int value;
};

TEST(reply, comes_from_whoever_holds_the_reply_to) {
  in_every_mode([] {
    const pid helper = spawn([] {
      for (;;) receive([](passed_on job) { reply(job.to, answer{job.value * 10}); });
    });
    const pid front = spawn(
        [](pid behind) {
          for (;;) receive([behind](reply_to from, question q) { send(behind, passed_on{from, q.value}); });
        },
        helper);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(receive_reply<answer>(request(front, question{i})).value, i * 10);
  });
}

TEST(reply, passed_on_is_still_watched_at_the_one_asked) {
  in_every_mode([] {
    const pid helper = spawn([] { wait_for_ever(); });
    const pid front = spawn(
        [](pid behind) {
          receive([behind](reply_to from, question q) { send(behind, passed_on{from, q.value}); });
          receive<go>();
          exit(reason::timeout);
        },
        helper);
    const ref asked = request(front, question{1});
    send(front, go{});
    EXPECT_EQ(why_no_reply<answer>(asked), reason::timeout);
  });
}

TEST(reply, of_another_process_ends_the_debt_of_the_one_asked) {
  in_every_mode([] {
    const pid helper = spawn([] { receive([](passed_on job) { reply(job.to, answer{job.value}); }); });
    const auto [front, watch] = spawn_monitor(
        [](pid behind) {
          receive([behind](reply_to from, question q) { send(behind, passed_on{from, q.value}); });
          receive<go>();
          exit(reason::timeout);
        },
        helper);
    const ref asked = request(front, question{5});
    end_of(helper);
    send(front, go{});
    EXPECT_EQ(news_of(watch), reason::timeout);
    EXPECT_EQ(receive_reply<answer>(asked).value, 5);
  });
}

TEST(reply, a_second_time_vanishes) {
  in_every_mode([] {
    const pid server = spawn(
        [](pid to) {
          receive([](reply_to from, question q) {
            reply(from, answer{q.value});
            reply(from, answer{-1});
            EXPECT_EQ(from.asked(), self());
          });
          send(to, go{});
        },
        self());
    const ref asked = request(server, question{1});
    receive<go>();
    EXPECT_EQ(receive_reply<answer>(asked).value, 1);
    EXPECT_TRUE(receive([](any_message) { return false; }, after(0ns, [] { return true; })));
  });
}

TEST(reply, to_nobody_or_to_the_dead_vanishes) {
  in_every_mode([] {
    reply(reply_to(), answer{1});
    const auto [asker, watch] = spawn_monitor([](pid whom) { request(whom, question{1}); }, self());
    news_of(watch);
    receive([asker = asker](reply_to from, question) {
      EXPECT_EQ(from.asker(), asker);
      reply(from, answer{1});
    });
  });
}

TEST(reply, can_be_given_by_a_handler_of_any_message) {
  in_every_mode([] {
    const pid server = spawn([] {
      receive([](any_message any) {
        ASSERT_TRUE(any.from());
        EXPECT_EQ(any.from()->request(), any.from()->request());
        reply(*any.from(), answer{any.get<question>()->value});
      });
    });
    EXPECT_EQ(receive_reply<answer>(request(server, question{6})).value, 6);
  });
}

}  // namespace
}  // namespace mote::test
