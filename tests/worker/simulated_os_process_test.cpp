// The OS processes of deterministic mode: each way to end is told as the machine's is, at whatever moment it comes; nobody waits
// for ever, and nobody else is touched.
#include "tests/in_process.hpp"

#include <mote/isolated.hpp>
#include <mote/sim.hpp>

#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

using namespace mote::test;
using namespace std::chrono_literals;
using mote::sim::end_os_process;
using mote::sim::os_end;

template <class Body>
void with_seeds(std::uint64_t most, Body body) {
  for (std::uint64_t seed = 1; seed <= most && !testing::Test::HasFailure(); ++seed) in_mode({1, seed}, body);
}

void adder() {
  for (;;) mote::receive([](mote::reply_to from, int number) { mote::reply(from, number + 1); });
}

struct way {
  os_end how;
  int code;
  mote::reason_kind kind;
};
const std::vector<way> every_way{{os_end::exit_code, 3, mote::reason_kind::exit_code},
                                 {os_end::signal, SIGSEGV, mote::reason_kind::signal},
                                 {os_end::out_of_memory, 0, mote::reason_kind::out_of_memory},
                                 {os_end::torn, 0, mote::reason_kind::lost},
                                 {os_end::stopped, 0, mote::reason_kind::unresponsive}};

TEST(simulated_os_process, every_way_to_end_is_a_reason) {
  with_seeds(seeds, [] {
    for (const way& each : every_way) {
      const mote::monitored there = mote::spawn_monitor(mote::isolated, adder);
      EXPECT_EQ(mote::receive_reply<int>(mote::request(there.process, 1)), 2);
      end_os_process(there.process, each.how, each.code);
      const mote::reason why = news_of(there.monitor);
      EXPECT_EQ(why.kind(), each.kind) << why;
      EXPECT_TRUE(each.code == 0 || why.code() == each.code) << why;
    }
  });
}

TEST(simulated_os_process, it_can_end_itself_and_runs_no_further) {
  with_seeds(seeds, [] {
    const mote::monitored there = mote::spawn_monitor(
        mote::isolated,
        [](mote::pid to) {
          mote::send(to, 1);
          end_os_process(mote::self(), os_end::signal, SIGABRT);
          mote::send(to, 2);
        },
        mote::self());
    EXPECT_EQ(news_of(there.monitor), mote::reason(mote::reason_kind::signal, "SIGABRT", SIGABRT));
    EXPECT_EQ(mote::receive<int>(), 1);  // what it had sent arrives, and arrives first
    EXPECT_TRUE(none_left<int>());
  });
}

TEST(simulated_os_process, a_planned_end_may_come_as_late_as_was_said) {
  int late = 0, seen = 0;
  with_seeds(20, [&] {
    const mote::monitored there = mote::spawn_monitor(mote::isolated, adder);
    EXPECT_EQ(mote::receive_reply<int>(mote::request(there.process, 1)), 2);
    const auto before = mote::now();
    end_os_process(there.process, os_end::exit_code, 3, 1h);
    EXPECT_EQ(news_of(there.monitor).code(), 3);
    const auto lasted = mote::now() - before;
    EXPECT_LE(lasted, 1h + 10ms);
    ++seen;
    if (lasted >= 30min) ++late;
  });
  EXPECT_GT(late, 0);
  EXPECT_LT(late, seen);
}

TEST(simulated_os_process, silence_counts_in_virtual_time_and_only_when_it_is_stopped) {
  with_seeds(seeds, [] {
    mote::isolation patient;
    patient.silence = 30'000ms;
    const mote::monitored there = mote::spawn_monitor(patient, adder);
    mote::sleep_for(1h);
    EXPECT_EQ(mote::receive_reply<int>(mote::request(there.process, 1)), 2);
    const auto before = mote::now();
    end_os_process(there.process, os_end::stopped);
    EXPECT_EQ(news_of(there.monitor).kind(), mote::reason_kind::unresponsive);
    EXPECT_GE(mote::now() - before, 30s);
  });
}

TEST(simulated_os_process, one_that_is_stopped_can_be_killed) {
  with_seeds(seeds, [] {
    const mote::monitored there = mote::spawn_monitor(mote::isolated, adder);
    end_os_process(there.process, os_end::stopped);
    mote::kill(there.process);
    EXPECT_EQ(news_of(there.monitor), mote::reason::killed);
  });
}

struct tells_its_end {
  mote::pid to;
  ~tells_its_end() { mote::send(to, std::string("destroyed")); }
};

TEST(simulated_os_process, what_its_destructors_send_reaches_nobody) {
  with_seeds(seeds, [] {
    const mote::monitored there = mote::spawn_monitor(
        mote::isolated,
        [](mote::pid to) {
          const tells_its_end last{to};
          const auto held = std::make_unique<int>(1);  // given back: nothing of it is lost
          mote::send(to, *held);
          wait_for_ever();
        },
        mote::self());
    EXPECT_EQ(mote::receive<int>(), 1);
    end_os_process(there.process, os_end::signal, SIGKILL);
    EXPECT_EQ(news_of(there.monitor).code(), SIGKILL);
    EXPECT_TRUE(none_left<std::string>());
  });
}

// What an OS process says last is read even by one whose own words do not reach it any more.
TEST(simulated_os_process, the_exit_reason_is_heard_although_mail_was_on_its_way_there) {
  with_seeds(100, [] {
    const mote::monitored there = mote::spawn_monitor(mote::isolated, [] { mote::exit(mote::reason::error("done")); });
    while (mote::is_alive(there.process)) {
      mote::send(there.process, 1);
      mote::sleep_for(20us);
    }
    EXPECT_EQ(news_of(there.monitor).text(), "done");
  });
}

TEST(simulated_os_process, a_wait_that_nothing_can_end_is_told_at_once) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    EXPECT_EQ(mote::run(
                  [] {
                    mote::spawn(mote::isolated, adder);
                    try {
                      wait_for_ever();
                    } catch (const std::exception&) {}
                  },
                  with({1, seed})),
              1);
  }
}

// Ended at a moment that the seed draws: each request is answered or told as lost, links and monitors hear the same end, the
// name is free, and another can take its place.
TEST(simulated_os_process, ended_at_any_moment_it_is_lost_alone) {
  std::map<std::string, int> met;
  for (std::uint64_t seed = 1; seed <= 300 && !HasFailure(); ++seed) {
    in_mode({1, seed}, [&] {
      mote::trap_exit(true);
      const way& each = every_way[seed % every_way.size()];
      const mote::pid bystander = mote::spawn(mote::isolated, adder);
      mote::spawn_options named;
      named.name = "worker";
      const mote::pid victim = mote::spawn_link(named, mote::isolated, adder);
      const mote::ref watch = mote::monitor(victim);
      end_os_process(victim, each.how, each.code, std::chrono::microseconds(1 << seed % 14));
      int answered = 0, lost = 0;
      for (int task = 0; task < 5; ++task) {
        try {
          EXPECT_EQ(mote::receive_reply<int>(mote::request(victim, task)), task + 1);
          ++answered;
        } catch (const mote::no_reply& failed) {
          EXPECT_TRUE(failed.why().kind() == each.kind || failed.why() == mote::reason::noproc) << failed.why();
          ++lost;
        }
      }
      ++met[answered == 0 ? "before any answer" : lost != 0 ? "between answers" : "after all answers"];
      EXPECT_EQ(news_of(watch).kind(), each.kind);
      const auto linked = mote::receive<mote::exited>();
      EXPECT_EQ(linked.from, victim);
      EXPECT_EQ(linked.why.kind(), each.kind);
      const mote::pid next = mote::spawn(named, mote::isolated, adder);
      EXPECT_EQ(mote::receive_reply<int>(mote::request(next, 1)), 2);
      EXPECT_EQ(mote::receive_reply<int>(mote::request(bystander, 7)), 8);
    });
  }
  for (const char* when : {"before any answer", "between answers", "after all answers"})
    EXPECT_GT(met[when], 0) << when;
}

TEST(simulated_os_process, the_same_seed_gives_the_same_run) {
  const auto run = [](std::uint64_t seed) {
    std::vector<long> all;
    in_mode({1, seed}, [&] {
      const mote::monitored there = mote::spawn_monitor(mote::isolated, adder);
      end_os_process(there.process, os_end::signal, SIGKILL, 3ms);
      for (int task = 0; mote::is_alive(there.process); ++task) {
        try {
          static_cast<void>(mote::receive_reply<int>(mote::request(there.process, task)));
        } catch (const mote::no_reply&) {}
        all.push_back(mote::now().time_since_epoch().count());
      }
    });
    return all;
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

TEST(simulated_os_process, only_those_of_a_deterministic_run_are_ended_so) {
  on_schedulers([] {
    const mote::pid there = mote::spawn(mote::isolated, adder);
    EXPECT_THROW(end_os_process(there, os_end::signal, SIGKILL), mote::usage_error);
    mote::kill(there);
  });
  in_mode({1, 1}, [] { EXPECT_THROW(end_os_process(mote::self(), os_end::stopped), mote::usage_error); });
}

}  // namespace
