// Isolated processes behave as processes do, whatever stands behind them: messages and requests both ways, links, monitors,
// exit signals, names; and an OS process's end is an exit reason.
#include "tests/in_process.hpp"

#include <mote/isolated.hpp>

#include <csignal>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

namespace {

using namespace mote::test;
using namespace std::chrono_literals;

struct question {
  mote::pid from;
  int number;
};
struct answer {
  int number;
  std::string text;
};
struct stop {};

void doubler() {
  for (bool on = true; on;) {
    mote::receive([](question q) { mote::send(q.from, answer{2 * q.number, "doubled"}); },
                  [](mote::reply_to from, int number) { mote::reply(from, 2 * number); },
                  [&](stop) { on = false; });
  }
}

TEST(isolated, messages_go_both_ways_in_order) {
  in_every_mode([] {
    const mote::pid there = mote::spawn(mote::isolated, doubler);
    for (int i = 0; i < 50; ++i) mote::send(there, question{mote::self(), i});
    for (int i = 0; i < 50; ++i) {
      const answer got = mote::receive<answer>();
      EXPECT_EQ(got.number, 2 * i);
      EXPECT_EQ(got.text, "doubled");
    }
    mote::send(there, stop{});
    EXPECT_EQ(end_of(there), mote::reason::normal);
  });
}

TEST(isolated, arguments_arrive_as_they_were_given) {
  in_every_mode([] {
    mote::spawn(mote::isolated,
                [](mote::pid to, std::vector<std::string> words, const double& factor) {
                  mote::send(to, answer{static_cast<int>(factor * 2), words.at(1)});
                },
                mote::self(), std::vector<std::string>{"a", "b"}, 21.0);
    const answer got = mote::receive<answer>();
    EXPECT_EQ(got.number, 42);
    EXPECT_EQ(got.text, "b");
  });
}

TEST(isolated, has_the_same_pid_inside_as_outside_and_knows_its_parent) {
  in_every_mode([] {
    const mote::pid there = mote::spawn(
        mote::isolated, [](mote::pid to) { mote::send(to, std::vector<mote::pid>{mote::self(), mote::parent()}); },
        mote::self());
    EXPECT_EQ(mote::receive<std::vector<mote::pid>>(), (std::vector<mote::pid>{there, mote::self()}));
  });
}

TEST(isolated, requests_are_answered_both_ways) {
  in_every_mode([] {
    const mote::pid there = mote::spawn(mote::isolated, doubler);
    EXPECT_EQ(mote::receive_reply<int>(mote::request(there, 4)), 8);
    mote::spawn(mote::isolated,
                [](mote::pid asked) {
                  const int half = mote::receive_reply<int>(mote::request(asked, std::string("half of 10")));
                  mote::send(asked, half);
                },
                mote::self());
    mote::receive([](mote::reply_to from, std::string what) {
      EXPECT_EQ(what, "half of 10");
      mote::reply(from, 5);
    });
    EXPECT_EQ(mote::receive<int>(), 5);
  });
}

TEST(isolated, a_request_fails_with_the_reason_of_an_end_on_either_side) {
  in_every_mode([] {
    const mote::pid dies = mote::spawn(mote::isolated, [] {
      mote::receive([](mote::reply_to, int) {});
      mote::exit(mote::reason::error("no answer"));
    });
    try {
      mote::receive_reply<int>(mote::request(dies, 1));
      ADD_FAILURE() << "there was an answer";
    } catch (const mote::no_reply& failed) {
      EXPECT_EQ(failed.why().text(), "no answer");
    }
    const mote::pid gone = mote::spawn([] {});
    end_of(gone);
    mote::spawn(mote::isolated,
                [](mote::pid nobody, mote::pid to) {
                  try {
                    mote::receive_reply<int>(mote::request(nobody, 1));
                  } catch (const mote::no_reply& failed) {
                    mote::send(to, failed.why());
                  }
                },
                gone, mote::self());
    EXPECT_EQ(mote::receive<mote::reason>(), mote::reason::noproc);
  });
}

TEST(isolated, its_error_is_the_exit_reason) {
  in_every_mode([] {
    const mote::reason why = news_of(mote::spawn_monitor(mote::isolated, [] { throw std::runtime_error("inside"); }).monitor);
    EXPECT_EQ(why.kind(), mote::reason_kind::error);
    EXPECT_EQ(why.text(), "inside");
    EXPECT_EQ(why.type(), "std::runtime_error");
  });
}

TEST(isolated, a_link_ends_either_with_the_other) {
  in_every_mode([] {
    mote::trap_exit(true);
    const mote::pid fails = mote::spawn_link(mote::isolated, [] { mote::exit(mote::reason::error("first")); });
    const auto news = mote::receive<mote::exited>();
    EXPECT_EQ(news.from, fails);
    EXPECT_EQ(news.why.text(), "first");
    // The other way round: the one here ends, the one there hears.
    const mote::pid waits = mote::spawn(mote::isolated, [] { wait_for_ever(); });
    const mote::ref watch = mote::monitor(waits);
    mote::spawn([](mote::pid to) {
      mote::link(to);
      mote::exit(mote::reason::error("second"));
    }, waits);
    EXPECT_EQ(news_of(watch).text(), "second");
  });
}

TEST(isolated, it_links_and_watches_processes_of_the_program) {
  in_every_mode([] {
    const mote::pid here = mote::spawn([] { mote::receive([](stop) { mote::exit(mote::reason::error("stopped")); }); });
    mote::spawn(mote::isolated,
                [](mote::pid other, mote::pid to) {
                  mote::trap_exit(true);
                  mote::link(other);
                  const mote::ref watch = mote::monitor(other);
                  const mote::ref given_up = mote::monitor(other);
                  mote::demonitor(given_up, true);
                  mote::send(to, std::string("watching"));
                  const auto linked = mote::receive<mote::exited>();
                  const auto watched = mote::receive<mote::down>();
                  mote::send(to, std::vector<mote::pid>{linked.from, watched.from});
                  mote::send(to, watched.monitor == watch && none_left<mote::down>());
                  mote::send(to, watched.why);
                },
                here, mote::self());
    EXPECT_EQ(mote::receive<std::string>(), "watching");
    mote::send(here, stop{});
    EXPECT_EQ(mote::receive<std::vector<mote::pid>>(), (std::vector<mote::pid>{here, here}));
    EXPECT_TRUE(mote::receive<bool>());
    EXPECT_EQ(mote::receive<mote::reason>().text(), "stopped");
  });
}

TEST(isolated, unlink_holds_both_ways) {
  in_every_mode([] {
    const mote::pid there = mote::spawn_link(mote::isolated, [](mote::pid to) {
      mote::receive([&](std::string) {
        mote::send(to, mote::unlink(to));
        mote::exit(mote::reason::error("unlinked"));
      });
    }, mote::self());
    const mote::ref watch = mote::monitor(there);
    EXPECT_TRUE(mote::unlink(there));
    mote::link(there);
    mote::send(there, "now");
    EXPECT_TRUE(mote::receive<bool>());
    EXPECT_EQ(news_of(watch).text(), "unlinked");
  });
}

TEST(isolated, exit_signals_are_heeded_or_trapped_there) {
  in_every_mode([] {
    mote::spawn_options traps;
    traps.trap_exit = true;
    const mote::pid there = mote::spawn(traps, mote::isolated, [](mote::pid to) {
      const auto news = mote::receive<mote::exited>();
      mote::send(to, news.from);
      mote::trap_exit(false);
      wait_for_ever();
    }, mote::self());
    mote::exit(there, mote::reason::shutdown);
    EXPECT_EQ(mote::receive<mote::pid>(), mote::self());
    const mote::ref watch = mote::monitor(there);
    mote::exit(there, mote::reason::shutdown);
    EXPECT_EQ(news_of(watch), mote::reason::shutdown);
  });
}

TEST(isolated, kill_ends_it_whatever_it_does) {
  in_every_mode([] {
    const mote::monitored there = mote::spawn_monitor(mote::isolated, [](mote::pid to) {
      mote::send(to, true);
      for (;;) {
        try {
          wait_for_ever();
        } catch (...) {
        }
      }
    }, mote::self());
    EXPECT_TRUE(mote::receive<bool>());
    mote::kill(there.process);
    EXPECT_EQ(news_of(there.monitor), mote::reason::killed);
    EXPECT_FALSE(mote::is_alive(there.process));
  });
}

TEST(isolated, has_a_name_and_is_listed_until_it_ends) {
  in_every_mode([] {
    mote::spawn_options named;
    named.name = "far";
    const mote::monitored there = mote::spawn_monitor(named, mote::isolated, doubler);
    EXPECT_EQ(mote::whereis("far"), there.process);
    const auto all = mote::processes();
    EXPECT_EQ(std::count(all.begin(), all.end(), there.process), 1);
    ASSERT_TRUE(mote::info(there.process).has_value());
    EXPECT_EQ(mote::info(there.process)->name, "far");
    mote::send("far", question{mote::self(), 3});
    EXPECT_EQ(mote::receive<answer>().number, 6);
    mote::send("far", stop{});
    EXPECT_EQ(news_of(there.monitor), mote::reason::normal);
    EXPECT_EQ(mote::whereis("far"), mote::pid());
    EXPECT_FALSE(mote::info(there.process).has_value());
  });
}

TEST(isolated, what_it_spawns_can_send_and_be_sent_to_but_not_be_watched) {
  in_every_mode([] {
    mote::spawn(mote::isolated, [](mote::pid to) {
      const mote::pid helper = mote::spawn_link(doubler);
      mote::send(to, helper);
      mote::receive<stop>();
    }, mote::self());
    const mote::pid helper = mote::receive<mote::pid>();
    mote::send(helper, question{mote::self(), 5});
    EXPECT_EQ(mote::receive<answer>().number, 10);
    EXPECT_THROW(mote::monitor(helper), mote::usage_error);
    mote::kill(mote::pid(helper.place(), 0, 1));
  });
}

TEST(isolated, two_of_them_talk_to_each_other) {
  in_every_mode([] {
    const mote::pid one = mote::spawn(mote::isolated, doubler);
    mote::spawn(mote::isolated, [](mote::pid other, mote::pid to) {
      const mote::ref watch = mote::monitor(other);
      mote::send(to, mote::receive_reply<int>(mote::request(other, 11)));
      mote::send(other, stop{});
      mote::send(to, news_of(watch));
    }, one, mote::self());
    EXPECT_EQ(mote::receive<int>(), 22);
    EXPECT_EQ(mote::receive<mote::reason>(), mote::reason::normal);
  });
}

struct only_here {};
}  // namespace
template <>
struct mote::message_traits<only_here> {
  static constexpr bool owns_all = true;
};
namespace {

TEST(isolated, a_message_that_cannot_cross_is_an_error_at_its_sender) {
  in_every_mode([] {
    const mote::pid there = mote::spawn(mote::isolated, doubler);
    try {
      mote::send(there, only_here{});
      ADD_FAILURE() << "it was sent";
    } catch (const mote::usage_error& wrong) {
      EXPECT_NE(std::string(wrong.what()).find("only_here cannot cross"), std::string::npos) << wrong.what();
    }
    EXPECT_THROW(mote::request(there, only_here{}), mote::usage_error);
    EXPECT_EQ(mote::receive_reply<int>(mote::request(there, 1)), 2);
  });
}

TEST(isolated, large_messages_cross_whole) {
  in_every_mode([] {
    const mote::pid there = mote::spawn(mote::isolated, [](mote::pid to) {
      mote::receive([&](mote::bytes block) { mote::send(to, block); });
    }, mote::self());
    std::string text(3'000'000, 'x');
    text[2'999'999] = 'y';
    mote::send(there, mote::bytes(text));
    EXPECT_EQ(mote::receive<mote::bytes>().view(), text);
  });
}

TEST(isolated, what_is_sent_to_one_that_has_ended_vanishes) {
  in_every_mode([] {
    const mote::pid there = mote::spawn(mote::isolated, [] {});
    end_of(there);
    mote::send(there, 1);
    EXPECT_EQ(mote::try_send(there, 1), mote::send_result::no_process);
    EXPECT_EQ(end_of(there), mote::reason::noproc);
    mote::trap_exit(true);
    mote::link(there);
    EXPECT_EQ(mote::receive<mote::exited>().why, mote::reason::noproc);
  });
}

TEST(isolated, none_starts_inside_another) {
  in_every_mode([] {
    const mote::reason why =
        news_of(mote::spawn_monitor(mote::isolated, [] { mote::spawn(mote::isolated, doubler); }).monitor);
    EXPECT_NE(why.text().find("cannot start another"), std::string::npos) << why.text();
  });
}

}  // namespace
