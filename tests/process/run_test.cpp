// mote::run: what it returns, how it ends the others, and that nothing is left for the next run.
#include "tests/in_process.hpp"

#include <stdexcept>
#include <thread>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct go {};
struct number {
  int value;
};

TEST(run, returns_what_main_returns) {
  EXPECT_EQ(mote::run([] { return 42; }), 42);
  EXPECT_EQ(mote::run([] { return -1; }), -1);
  EXPECT_EQ(mote::run([] {}), 0);
  EXPECT_EQ(mote::run([] { exit(reason::normal); }), 0);
  EXPECT_EQ(mote::run([] { exit(reason::shutdown); }), 0);
}

TEST(run, returns_1_for_an_error_and_says_which_on_stderr) {
  for (void (*body)() : {+[] { throw std::runtime_error("the reason"); }, +[] { exit(reason::error("the reason")); },
                         +[] {
                           spawn_link([] { throw std::runtime_error("the reason"); });
                           wait_for_ever();
                         }}) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(mote::run([=]() -> int {
                body();
                return 5;
              }),
              1);
    const std::string text = ::testing::internal::GetCapturedStderr();
    EXPECT_NE(text.find("the reason"), std::string::npos) << text;
  }
}

TEST(run, lets_main_use_the_caller_s_variables) {
  int seen = 0;
  const int given = 7;
  mote::run([&] { seen = given; });
  EXPECT_EQ(seen, 7);
}

TEST(run, gives_each_runtime_a_place_of_its_own) {
  pid earlier;
  for (int i = 0; i < 20; ++i) {
    mote::run(
        [&] {
          EXPECT_NE(self().place(), earlier.place());
          EXPECT_FALSE(is_alive(earlier));
          send(earlier, number{1});
          if (earlier) {
            EXPECT_EQ(news_of(monitor(earlier)), reason::noproc);
            EXPECT_THROW(receive_reply<number>(request(earlier, number{1})), no_reply);
            exit(earlier, reason::kill);
            EXPECT_FALSE(unlink(earlier));
            trap_exit(true);
            link(earlier);
            EXPECT_EQ(receive<exited>().why, reason::noproc);
          }
          EXPECT_TRUE(none_left<number>());
          earlier = self();
        },
        with({2, {}}));
  }
}

TEST(run, two_at_a_time_do_not_disturb_each_other) {
  std::vector<std::thread> hosts;
  std::atomic<int> total{0};
  for (int host = 0; host < 2; ++host) {
    hosts.emplace_back([&total, host] {
      mote::run(
          [&] {
            for (int i = 0; i < 200; ++i) spawn([](pid to, int value) { send(to, number{value}); }, self(), i);
            for (int i = 0; i < 200; ++i) total += receive<number>().value;
          },
          with(host == 0 ? mode{2, {}} : mode{1, 3}));
    });
  }
  for (std::thread& host : hosts) host.join();
  EXPECT_EQ(total, 2 * 200 * 199 / 2);
}

TEST(shutdown, asks_the_others_in_good_order_when_main_has_ended) {
  static std::atomic<int> asked{0}, unwound{0};
  asked = unwound = 0;
  struct last {
    ~last() { ++unwound; }
  };
  for (const mode& how : every_mode()) {
    in_mode(how, [] {
      for (int i = 0; i < 10; ++i) {
        spawn([] {
          const last here;
          wait_for_ever();
        });
        spawn([] {
          trap_exit(true);
          receive([](const exited& news) { asked += news.why == reason::shutdown; });
        });
      }
      until([] { return processes().size() == 21; });
      for (const pid one : processes()) {
        if (one != self()) until_waiting(one);
      }
    });
  }
  EXPECT_EQ(asked, 10 * static_cast<int>(every_mode().size()));
  EXPECT_EQ(unwound, 10 * static_cast<int>(every_mode().size()));
}

TEST(shutdown, waits_for_what_a_process_does_in_its_last_moments) {
  static std::atomic<int> done{0};
  done = 0;
  in_every_mode([] {
    const pid careful = spawn([] {
      trap_exit(true);
      receive<exited>();
      sleep_for(1ms);
      const pid helper = spawn([] { receive([](reply_to from, number n) { reply(from, n); }); });
      done += receive_reply<number>(request(helper, number{1})).value;
    });
    until_waiting(careful);
  });
  EXPECT_EQ(done, static_cast<int>(every_mode().size()));
}

TEST(shutdown, kills_at_the_deadline_whoever_is_left) {
  static std::atomic<int> unwound{0};
  unwound = 0;
  struct last {
    ~last() { ++unwound; }
  };
  options quick;
  quick.shutdown_deadline = 5ms;
  in_every_mode(
      [] {
        const pid stubborn = spawn([] {
          const last here;
          trap_exit(true);
          for (;;) receive([](any_message) {});
        });
        until_waiting(stubborn);
      },
      quick);
  EXPECT_EQ(unwound, static_cast<int>(every_mode().size()));
}

TEST(shutdown, with_no_deadline_kills_at_once) {
  options now_or_never;
  now_or_never.shutdown_deadline = 0ms;
  in_every_mode(
      [] {
        for (int i = 0; i < 10; ++i) {
          spawn([] {
            trap_exit(true);
            for (;;) receive([](any_message) {});
          });
        }
      },
      now_or_never);
}

TEST(shutdown, ends_processes_that_spawn_others_on_the_way) {
  options quick;
  quick.shutdown_deadline = 20ms;
  in_every_mode(
      [] {
        spawn(
            [](int left) {
              struct spawner {
                int left;
                ~spawner() {
                  for (int i = 0; i < left; ++i) spawn([] { wait_for_ever(); });
                }
              };
              const spawner last{left};
              wait_for_ever();
            },
            5);
        yield();
      },
      quick);
}

TEST(shutdown, ends_a_hundred_runs_with_all_kinds_of_work_pending) {
  const auto shared = std::make_shared<int>(0);
  for (int i = 0; i < 100; ++i) {
    mote::run(
        [&] {
          const unsafe_share<int> thing(shared);
          for (int n = 0; n < 20; ++n) {
            const pid child = spawn_link([](unsafe_share<int>) { wait_for_ever(); }, thing);
            send(child, thing);
            send_after(1h, child, thing);
            monitor(child);
            request(child, thing);
          }
          spawn([] { sleep_for(1h); });
          spawn([] { receive<never_sent>(1h); });
          trap_exit(true);
        },
        with(every_mode()[static_cast<std::size_t>(i) % every_mode().size()]));
    ASSERT_EQ(shared.use_count(), 1) << "run " << i;
  }
}

TEST(environment, tells_what_the_runtime_found) {
  in_mode({2, {}}, [] {
    const std::string text = environment();
    EXPECT_NE(text.find("schedulers: 2"), std::string::npos) << text;
    EXPECT_NE(text.find("stacks"), std::string::npos) << text;
  });
  in_mode({1, 77}, [] { EXPECT_NE(environment().find("seed 77"), std::string::npos); });
}

TEST(runtime_handle, wakes_a_waiting_process_every_time) {
  for (const mode& how : {mode{1, {}}, mode{2, {}}}) {
    in_mode(how, [] {
      std::atomic<int> answered{0};
      std::thread outside([&answered, here = this_runtime(), to = self()] {
        for (int i = 1; i <= 1'000; ++i) {
          here.send(to, number{i});
          while (answered < i) std::this_thread::yield();
        }
      });
      for (int i = 1; i <= 1'000; ++i) {
        EXPECT_EQ(receive<number>().value, i);
        answered = i;
      }
      outside.join();
    });
  }
}

}  // namespace
}  // namespace mote::test
