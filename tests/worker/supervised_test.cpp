// An isolated process is a supervised child like any other: started again when its OS process is killed, counted, and ended
// with its supervisor.
#include "tests/in_process.hpp"

#include <mote/isolated.hpp>
#include <mote/supervisor.hpp>

#include <unistd.h>
#include <csignal>
#include <string>

namespace {

using namespace mote::test;
using namespace std::chrono_literals;

/// What a child says when it has begun.
struct begun {
  mote::pid process;
  int name, os_process;
};
/// And when it was asked to end.
struct ended {
  int name;
  mote::reason why;
};

void child_body(mote::pid judge, int name) {
  mote::trap_exit(true);
  mote::send(judge, begun{mote::self(), name, static_cast<int>(::getpid())});
  const auto asked = mote::receive<mote::exited>();
  mote::send(judge, ended{name, asked.why});
  mote::exit(asked.why);
}

mote::child_spec isolated_child(int name) {
  mote::child_spec spec = mote::child(std::to_string(name), mote::isolated, child_body, mote::self(), name);
  spec.shutdown = mote::infinity;
  return spec;
}

begun next_begun() { return mote::receive<begun>(); }

bool is_gone(int os_process) { return ::kill(os_process, 0) != 0 && errno == ESRCH; }

/// Kills its OS process, and says how that was heard of.
mote::reason kill_9(const begun& victim) {
  const mote::ref watch = mote::monitor(victim.process);
  ::kill(victim.os_process, SIGKILL);
  return news_of(watch);
}

const mote::reason killed_outside(mote::reason_kind::signal, "SIGKILL", SIGKILL);

TEST(supervised_isolated, a_child_whose_os_process_is_killed_is_started_again_alone) {
  on_schedulers([] {
    const mote::supervisor top =
        mote::start_supervisor({.intensity = 2, .period = 1h}, {isolated_child(1), isolated_child(2)});
    const begun one_or_other = next_begun(), other_or_one = next_begun();
    const begun first = one_or_other.name == 1 ? one_or_other : other_or_one;
    const begun second = one_or_other.name == 2 ? one_or_other : other_or_one;
    ASSERT_NE(first.os_process, second.os_process);
    EXPECT_EQ(kill_9(first), killed_outside);
    const begun again = next_begun();
    EXPECT_EQ(again.name, 1);
    EXPECT_NE(again.process, first.process);
    EXPECT_TRUE(is_gone(first.os_process));
    const auto children = which_children(top);
    ASSERT_EQ(children.size(), 2u);
    EXPECT_EQ(children[0].process, again.process);
    EXPECT_EQ(children[1].process, second.process);
    EXPECT_TRUE(mote::is_alive(second.process));
    mote::stop(top);
  });
}

TEST(supervised_isolated, deaths_count_and_one_too_many_ends_the_supervisor_and_the_other_child) {
  on_schedulers([] {
    const mote::supervisor top = mote::start_supervisor({.intensity = 2, .period = 1h}, {isolated_child(1)});
    mote::unlink(top);
    const mote::ref watch = mote::monitor(top);
    begun victim = next_begun();
    const mote::pid bystander = start_child(top, isolated_child(2));
    const begun other = next_begun();
    EXPECT_EQ(other.process, bystander);
    for (int restarts = 0; restarts < 2; ++restarts) {
      EXPECT_EQ(kill_9(victim), killed_outside);
      victim = next_begun();
      EXPECT_EQ(victim.name, 1);
    }
    EXPECT_EQ(kill_9(victim), killed_outside);
    EXPECT_EQ(news_of(watch), mote::reason::shutdown);
    const auto last = mote::receive<ended>();
    EXPECT_EQ(last.name, 2);
    EXPECT_EQ(last.why, mote::reason::shutdown);
    EXPECT_FALSE(mote::is_alive(bystander));
    EXPECT_TRUE(is_gone(other.os_process));
  });
}

TEST(supervised_isolated, shutdown_ends_them_in_reverse_order_and_their_os_processes_with_them) {
  on_schedulers([] {
    const mote::supervisor top = mote::start_supervisor({}, {isolated_child(1), isolated_child(2), isolated_child(3)});
    std::vector<begun> all;
    for (int i = 0; i < 3; ++i) all.push_back(next_begun());
    mote::stop(top);
    for (const int name : {3, 2, 1}) {
      const auto news = mote::receive<ended>();
      EXPECT_EQ(news.name, name);
      EXPECT_EQ(news.why, mote::reason::shutdown);
    }
    for (const begun& one : all) {
      EXPECT_FALSE(mote::is_alive(one.process));
      EXPECT_TRUE(is_gone(one.os_process));
    }
  });
}

TEST(supervised_isolated, one_that_does_not_heed_shutdown_is_killed) {
  on_schedulers([] {
    mote::child_spec deaf = mote::child(
        "deaf", mote::isolated,
        [](mote::pid to) {
          mote::send(to, begun{mote::self(), 1, static_cast<int>(::getpid())});
          for (volatile bool on = true; on;) {}
        },
        mote::self());
    deaf.shutdown = 50ms;
    const mote::supervisor top = mote::start_supervisor({}, {deaf});
    const begun one = next_begun();
    const mote::ref watch = mote::monitor(one.process);
    mote::stop(top);
    EXPECT_EQ(news_of(watch), mote::reason::killed);
    until([&] { return is_gone(one.os_process); });
  });
}

TEST(supervised_isolated, a_child_is_set_up_each_time_as_its_isolation_says) {
  on_schedulers([] {
    mote::isolation impatient;
    impatient.silence = 200ms;
    const mote::supervisor top = mote::start_supervisor(
        {.intensity = 2, .period = 1h}, {mote::child("stops", impatient, child_body, mote::self(), 1)});
    for (int round = 0; round < 2; ++round) {
      const begun one = next_begun();
      const mote::ref watch = mote::monitor(one.process);
      ::kill(one.os_process, SIGSTOP);
      EXPECT_EQ(news_of(watch).kind(), mote::reason_kind::unresponsive);
    }
    next_begun();
    mote::stop(top);
  });
}

}  // namespace
