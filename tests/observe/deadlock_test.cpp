// options::deadlock: all processes wait for ever, and somebody is told; and whatever else may yet happen, nobody is.
#include "tests/in_process.hpp"

#include "runtime/process/core.hpp"

#include <unistd.h>

#include <algorithm>
#include <thread>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

/// What was reported in one run, and how that ended.
struct outcome_of_run {
  int result = 0;
  std::vector<deadlock_report> reports;
};

template <class Body>
outcome_of_run run_to_the_end(const mode& how, Body&& body, options given = {}) {
  outcome_of_run seen;
  std::mutex lock;
  given.on_crash = [](const crash_report&) {};
  if (!given.on_deadlock) {
    given.on_deadlock = [&](const deadlock_report& report) {
      const std::lock_guard hold(lock);
      seen.reports.push_back(report);
    };
  }
  seen.result = run([&] { body(); }, with(how, std::move(given)));
  return seen;
}

TEST(deadlock, of_one_that_receives_is_told_and_ends_the_run) {
  for (const mode& how : every_mode()) {
    const auto seen = run_to_the_end(how, [] { wait_for_ever(); });
    EXPECT_EQ(seen.result, 1) << how;
    ASSERT_EQ(seen.reports.size(), 1u) << how;
    ASSERT_EQ(seen.reports[0].processes.size(), 1u) << how;
    EXPECT_EQ(seen.reports[0].processes[0].waits_for, wait_reason::message);
    EXPECT_NE(seen.reports[0].text.find("all processes are asleep - deadlock!"), std::string::npos);
    EXPECT_TRUE(seen.reports[0].cycles.empty());
  }
}

// After whatever was done before.
TEST(deadlock, at_the_end_of_much_work_is_told) {
  for (const mode& how : every_mode()) {
    const auto seen = run_to_the_end(how, [] {
      for (int round = 0; round < 20; ++round) {
        std::vector<pid> all;
        for (int i = 0; i < 20; ++i) {
          all.push_back(spawn([] { reply(receive<any_message>().from().value(), 1); }));
        }
        for (const pid one : all) EXPECT_EQ(receive_reply<int>(request(one, 1)), 1);
        sleep_for(100us);
      }
      wait_for_ever();
    });
    EXPECT_EQ(seen.result, 1) << how;
    EXPECT_EQ(seen.reports.size(), 1u) << how;
  }
}

TEST(deadlock, tells_who_waits_for_whom_and_names_cycles) {
  for (const mode& how : every_mode()) {
    const auto seen = run_to_the_end(how, [] {
      const auto ask_whom_i_am_told = [] { receive_reply<int>(request(receive<pid>(), 1)); };
      const pid one = spawn(spawn_options{.name = "one", .label = "first"}, ask_whom_i_am_told);
      const pid two = spawn(spawn_options{.name = "two"}, ask_whom_i_am_told);
      const pid three = spawn(ask_whom_i_am_told);
      send(one, two);
      send(two, one);
      send(three, one);
      wait_for_ever();
    });
    ASSERT_EQ(seen.reports.size(), 1u) << how;
    const deadlock_report& report = seen.reports[0];
    ASSERT_EQ(report.processes.size(), 4u);
    ASSERT_EQ(report.cycles.size(), 1u) << report.text;
    EXPECT_EQ(report.cycles[0].size(), 2u);
    const auto named = [&](std::string_view name) {
      return *std::ranges::find(report.processes, name, &deadlocked_process::name);
    };
    EXPECT_EQ(named("one").waits_for_whom, named("two").process);
    EXPECT_EQ(named("two").waits_for_whom, named("one").process);
    EXPECT_NE(report.text.find("\"one\" (first) waits for the answer of " + to_string(named("two").process)),
              std::string::npos)
        << report.text;
    EXPECT_NE(report.text.find("a cycle: "), std::string::npos) << report.text;
  }
}

TEST(deadlock, of_two_that_wait_for_room_at_each_other_is_told) {
  for (const mode& how : every_mode()) {
    const auto seen = run_to_the_end(how, [] {
      const auto flood = [] {
        const pid peer = receive<pid>();
        for (int i = 0; i < 10; ++i) send(peer, 1);
      };
      spawn_options few{.mailbox = {.messages = 4}};
      few.mailbox.types = {limit_for<pid>({})};
      const pid one = spawn(few, flood), two = spawn(few, flood);
      send(one, two);
      send(two, one);
      wait_for_ever();
    });
    EXPECT_EQ(seen.result, 1) << how;
    ASSERT_EQ(seen.reports.size(), 1u) << how;
    const deadlock_report& report = seen.reports[0];
    ASSERT_EQ(report.processes.size(), 3u) << report.text;
    EXPECT_EQ(std::ranges::count(report.processes, wait_reason::room, &deadlocked_process::waits_for), 2) << report.text;
    ASSERT_EQ(report.cycles.size(), 1u) << report.text;
    EXPECT_EQ(report.cycles[0].size(), 2u) << report.text;
  }
}

TEST(deadlock, of_a_process_that_goes_on_after_it_was_told_ends_all) {
  for (const mode& how : every_mode()) {
    const auto seen = run_to_the_end(how, [] {
      trap_exit(true);
      receive<exited>();  // the first time
      wait_for_ever();    // the second
    });
    EXPECT_EQ(seen.result, 1) << how;
  }
}

TEST(deadlock, may_be_ended_by_the_callback) {
  for (const mode& how : every_mode()) {
    options given;
    given.on_deadlock = [](const deadlock_report&) { send("waiting", 7); };
    const auto seen = run_to_the_end(how, [] {
      register_name("waiting", self());
      for (int i = 0; i < 3; ++i) EXPECT_EQ(receive<int>(), 7);
    }, given);
    EXPECT_EQ(seen.result, 0) << how;
  }
}

// One of the two is woken at another scheduler than the one that tells.
TEST(deadlock, may_be_ended_by_the_callback_wherever_those_are_whom_it_wakes) {
  for (const mode& how : every_mode()) {
    options given;
    given.on_deadlock = [](const deadlock_report&) {
      send("one", 7);
      send("two", 7);
    };
    const auto seen = run_to_the_end(how, [] {
      const auto wait_three_times = [] {
        for (int i = 0; i < 3; ++i) EXPECT_EQ(receive<int>(), 7);
      };
      const unsigned last = scheduler_count() - 1;
      const ref one = spawn_monitor(spawn_options{.name = "one", .scheduler = 0}, wait_three_times).monitor;
      const ref two = spawn_monitor(spawn_options{.name = "two", .scheduler = last}, wait_three_times).monitor;
      EXPECT_EQ(news_of(one), reason::normal);
      EXPECT_EQ(news_of(two), reason::normal);
    }, given);
    EXPECT_EQ(seen.result, 0) << how;
  }
}

TEST(deadlock, may_be_ended_by_a_timer_of_the_callbacks) {
  for (const mode& how : every_mode()) {
    options given;
    given.on_deadlock = [](const deadlock_report& report) { send_after(100us, report.processes.at(0).process, 7); };
    const auto seen = run_to_the_end(how, [] {
      for (int i = 0; i < 3; ++i) EXPECT_EQ(receive<int>(), 7);
    }, given);
    EXPECT_EQ(seen.result, 0) << how;
  }
}

TEST(deadlock, may_be_ended_by_a_handle_that_the_callback_gives_away) {
  for (const mode& how : every_mode()) {
    std::vector<std::thread> outside;
    options given;
    given.on_deadlock = [&outside](const deadlock_report& report) {
      outside.emplace_back([here = this_runtime(), to = report.processes.at(0).process] { here.send(to, 7); });
    };
    const auto seen = run_to_the_end(how, [] {
      for (int i = 0; i < 3; ++i) EXPECT_EQ(receive<int>(), 7);
    }, given);
    EXPECT_EQ(seen.result, 0) << how;
    for (std::thread& each : outside) each.join();
  }
}

TEST(deadlock, is_told_once_when_the_callback_only_has_a_handle_for_a_moment) {
  for (const mode& how : every_mode()) {
    int reports = 0;
    options given;
    given.on_deadlock = [&reports](const deadlock_report&) {
      static_cast<void>(this_runtime());
      ++reports;
    };
    const auto seen = run_to_the_end(how, wait_for_ever, given);
    EXPECT_EQ(seen.result, 1) << how;
    EXPECT_EQ(reports, 1) << how;
  }
}

// A thread of the program's own sees the report, and ends the wait by a descriptor that nobody waits for: by nothing the runtime
// knows of. So it hangs on, until the test ends it from outside.
TEST(deadlock_death, with_report_only_hangs_on) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  options given;
  given.schedulers = 2;
  given.deadlock = deadlock_action::report;
  static std::atomic<int> reports{0};
  given.on_deadlock = [](const deadlock_report&) { ++reports; };
  EXPECT_EXIT(
      {
        std::thread watch([] {
          while (reports == 0) std::this_thread::yield();
          std::this_thread::sleep_for(100ms);
          ::_exit(reports == 1 ? 7 : 8);
        });
        run([] { wait_for_ever(); }, given);
      },
      ::testing::ExitedWithCode(7), "");
}

/// None of these is one: body(...) comes to an end by itself.
template <class Body>
void expect_none(const mode& how, Body&& body) {
  const auto seen = run_to_the_end(how, body);
  EXPECT_EQ(seen.result, 0) << how;
  EXPECT_TRUE(seen.reports.empty()) << how << ": " << seen.reports[0].text;
}

TEST(no_deadlock, while_a_timer_is_armed) {
  for (const mode& how : every_mode()) {
    expect_none(how, [] {
      for (int i = 0; i < 50; ++i) {
        send_after(200us, self(), i);
        EXPECT_EQ(receive<int>(), i);
        sleep_for(50us);
        EXPECT_FALSE(receive<int>(50us).has_value());
      }
    });
  }
}

TEST(no_deadlock, while_a_call_has_a_time_limit) {
  for (const mode& how : every_mode()) {
    expect_none(how, [] {
      const pid silent = spawn(wait_for_ever);
      for (int i = 0; i < 10; ++i) EXPECT_FALSE(receive_reply<int>(request(silent, 1), 1ms).has_value());
      kill(silent);
    });
  }
}

TEST(no_deadlock, while_somebody_outside_may_send) {
  for (const mode& how : every_mode()) {
    expect_none(how, [] {
      for (int i = 0; i < 20; ++i) {
        std::thread outside([here = this_runtime(), to = self(), i] {
          std::this_thread::sleep_for(1ms);
          here.send(to, i);
        });
        EXPECT_EQ(receive<int>(), i);
        outside.join();
      }
    });
  }
}

TEST(no_deadlock, while_a_descriptor_is_waited_for) {
  for (const unsigned schedulers : {1u, 2u}) {
    expect_none({schedulers, {}}, [] {
      for (int i = 0; i < 20; ++i) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        std::thread outside([end = ends[1]] {
          std::this_thread::sleep_for(1ms);
          EXPECT_EQ(::write(end, "x", 1), 1);
        });
        wait_readable(ends[0]);
        outside.join();
        ::close(ends[0]);
        ::close(ends[1]);
      }
    });
  }
}

TEST(no_deadlock, while_a_name_is_looked_up) {
  for (const unsigned schedulers : {1u, 2u}) {
    expect_none({schedulers, {}}, [] {
      for (int i = 0; i < 10; ++i) EXPECT_FALSE(resolve("localhost").empty());
    });
  }
}

/// Waits, as a thread of nobody's, until all schedulers sleep.
void until_all_sleep(detail::runtime& home) {
  while (home.schedulers.idle().parked() != home.schedulers.size()) std::this_thread::yield();
}

TEST(no_deadlock, while_a_blocking_call_is_under_way) {
  for (const unsigned schedulers : {1u, 2u}) {
    expect_none({schedulers, {}}, [] {
      for (int i = 0; i < 20; ++i) {
        const pid other = spawn([] { send(receive<pid>(), 1); });
        blocking([&home = detail::current_core()->home] {
          for (int round = 0; round < 20; ++round) until_all_sleep(home);
        });
        send(other, self());
        EXPECT_EQ(receive<int>(), 1);
      }
    });
  }
}

// Its owner answers when all sleep.
TEST(no_deadlock, while_an_outside_mailbox_is_open) {
  for (const mode& how : every_mode()) {
    expect_none(how, [] {
      for (int i = 0; i < 20; ++i) {
        outside_mailbox box(this_runtime());
        std::thread outside([&box, &home = detail::current_core()->home] {
          box.receive([&](reply_to asker, int number) {
            until_all_sleep(home);
            box.reply(asker, number + 1);
          });
        });
        EXPECT_EQ(receive_reply<int>(request(box.id(), i)), i + 1);
        outside.join();
      }
    });
  }
}

/// As it goes, it computes until all schedulers have been seen asleep.
struct goes_slowly {
  detail::runtime* home = nullptr;
  ~goes_slowly() {
    for (int round = 0; home != nullptr && round < 1000; ++round) until_all_sleep(*home);
  }
};
process_local<goes_slowly> at_the_end;

// It has lost its scheduler before it ends.
TEST(no_deadlock, while_one_that_ends_computes_in_a_destructor) {
  for (const unsigned schedulers : {1u, 2u}) {
    expect_none({schedulers, {}}, [] {
      for (int i = 0; i < 5; ++i) {
        const reason why = outcome([] {
          at_the_end->home = &detail::current_core()->home;
          until_all_sleep(*at_the_end->home);
        });
        EXPECT_EQ(why, reason::normal);
      }
    });
  }
}

TEST(no_deadlock, while_another_computes) {
  for (const unsigned schedulers : {1u, 2u}) {
    expect_none({schedulers, {}}, [] {
      for (int i = 0; i < 5; ++i) {
        spawn([](pid to) {
          const auto until = std::chrono::steady_clock::now() + 20ms;
          while (std::chrono::steady_clock::now() < until) {
          }
          send(to, 1);
        }, self());
        EXPECT_EQ(receive<int>(), 1);
      }
    });
  }
}

// The moments at which all but one have parked come by the thousand.
TEST(no_deadlock, in_a_ring_that_never_rests) {
  for (const mode& how : every_mode()) {
    expect_none(how, [] {
      pid next = self();
      for (int i = 0; i < 8; ++i) {
        next = spawn([](pid to) {
          for (;;) send(to, receive<int>());
        }, next);
      }
      send(next, 1);
      for (int i = 0; i < 2000; ++i) send(next, receive<int>());
    });
  }
}

TEST(options, deadlock_is_read_from_the_environment) {
  for (const auto& [word, action] : {std::pair{"ignore", deadlock_action::ignore}, {"report", deadlock_action::report},
                                     {"dump", deadlock_action::dump}, {"end", deadlock_action::end},
                                     {"abort", deadlock_action::abort}}) {
    ::setenv("MOTE_DEADLOCK", word, 1);
    EXPECT_EQ(options_from_environment().deadlock, action);
  }
  ::setenv("MOTE_DEADLOCK", "panic", 1);
  EXPECT_THROW(options_from_environment(), usage_error);
  ::unsetenv("MOTE_DEADLOCK");
}

TEST(deadlock_death, with_abort_ends_the_program) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  options given;
  given.schedulers = 2;
  given.deadlock = deadlock_action::abort;
  EXPECT_DEATH(run([] { wait_for_ever(); }, given), "all processes are asleep - deadlock!\n.*waits for a message");
}

TEST(deadlock_death, with_dump_shows_everything) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  options given;
  given.schedulers = 1;
  given.deadlock = deadlock_action::dump;
  EXPECT_EXIT(
      {
        std::thread watch([] {
          std::this_thread::sleep_for(500ms);
          ::_exit(7);
        });
        run([] { wait_for_ever(); }, given);
      },
      ::testing::ExitedWithCode(7), "deadlock!(.|\n)*scheduler 0(.|\n)*more\\(");
}

}  // namespace
}  // namespace mote::test
