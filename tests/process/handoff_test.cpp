// What a user sees of the hand-off: the others go on beside a process that does not let go of its scheduler, and that process
// goes on as any when it calls the runtime again. On one scheduler each of these hangs where nothing is handed off.
#include "runtime/process/core.hpp"
#include "tests/in_process.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <functional>
#include <stdexcept>
#include <thread>

namespace mote {
namespace {

using namespace std::chrono_literals;
using namespace test;

std::atomic<int> reported, begun, rounds;
std::atomic<bool> enough;

void spin_until(const std::atomic<bool>& flag) {
  while (!flag.load(std::memory_order_relaxed)) {}
}
// Until this process, the only culprit, has been reported: it runs beside its scheduler then.
void spin_until_reported() {
  while (reported.load(std::memory_order_relaxed) == 0) {}
}

struct go {};
struct hello {};

/// Each body begins with the counters at nothing, and a runtime that tells them of reports.
template <class Body>
void with_handoffs(Body&& body, options given = {}) {
  given.on_handoff = [](const handoff_report&) { ++reported; };
  on_schedulers(
      [&] {
        reported = begun = rounds = 0;
        enough = false;
        body();
      },
      given);
}

unsigned handoffs_of(pid who) {
  const auto seen = info(who);
  return seen ? seen->handoffs : 0;
}

void hog() {
  ++begun;
  spin_until(enough);
}

TEST(handoff, others_go_on_beside_a_process_in_a_loop) {
  with_handoffs([] {
    const auto [who, watch] = spawn_monitor(hog);
    until([] { return begun == 1; });
    until([who = who] { return handoffs_of(who) == 1; });
    for (int i = 0; i < 10; ++i) EXPECT_EQ(outcome([] { yield(); }), reason::normal);
    EXPECT_EQ(info(who)->state, process_state::running);
    enough = true;
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(handoff, others_go_on_beside_a_process_in_a_blocking_read) {
  with_handoffs([] {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const auto [who, watch] = spawn_monitor(
        [](int end) {
          char byte = 0;
          if (::read(end, &byte, 1) != 1) exit(reason::error("no byte"));
        },
        ends[0]);
    until([who = who] { return handoffs_of(who) == 1; });
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_EQ(news_of(watch), reason::normal);
    ::close(ends[0]);
    ::close(ends[1]);
  });
}

std::mutex held_elsewhere;

TEST(handoff, others_go_on_beside_a_process_that_waits_for_a_mutex) {
  with_handoffs([] {
    std::thread holder([] {
      const std::lock_guard hold(held_elsewhere);
      begun = 1;
      spin_until(enough);
    });
    while (begun != 1) {}
    const auto [who, watch] = spawn_monitor([] { const std::lock_guard hold(held_elsewhere); });
    until([who = who] { return handoffs_of(who) == 1; });
    enough = true;
    EXPECT_EQ(news_of(watch), reason::normal);
    holder.join();
  });
}

TEST(handoff, others_go_on_beside_a_process_that_sleeps_in_the_kernel) {
  with_handoffs([] {
    const auto [who, watch] = spawn_monitor([] {
      while (!enough) ::usleep(20'000);
    });
    until([who = who] { return handoffs_of(who) == 1; });
    enough = true;
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

// Each of the eight needs a thread of its own, and the ninth one beside them.
TEST(handoff, as_often_as_there_are_processes_that_compute) {
  with_handoffs([] {
    static constexpr int hogs = 8;
    std::vector<ref> watches;
    for (int i = 0; i < hogs; ++i) {
      watches.push_back(spawn_monitor([] {
                          ++begun;
                          while (begun.load(std::memory_order_relaxed) < hogs) {}
                          spin_until(enough);
                        }).monitor);
    }
    until([] { return begun == hogs; });
    enough = true;
    for (const ref watch : watches) EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(handoff, a_process_that_comes_back_loses_its_scheduler_again) {
  with_handoffs([] {
    static constexpr int times = 5;
    const auto [who, watch] = spawn_monitor(
        [](pid asker) {
          for (int i = 1; i <= times; ++i) {
            while (rounds.load(std::memory_order_relaxed) < i) {}
            send(asker, hello{});
          }
        },
        self());
    for (unsigned i = 1; i <= times; ++i) {
      until([who = who, i] { return handoffs_of(who) >= i; });
      ++rounds;
      receive<hello>();
    }
    EXPECT_EQ(news_of(watch), reason::normal);
    EXPECT_EQ(reported, 1) << "once a culprit";
  });
}

TEST(handoff, links_monitors_and_messages_reach_a_process_without_a_scheduler) {
  with_handoffs([] {
    trap_exit(true);
    const pid who = spawn_link([] {
      spin_until_reported();
      spin_until(enough);
      EXPECT_TRUE(receive<hello>(0ns).has_value());
      exit(reason::error("done"));
    });
    until([who] { return handoffs_of(who) == 1; });
    const ref watch = monitor(who);
    send(who, hello{});
    EXPECT_TRUE(is_alive(who));
    enough = true;
    EXPECT_EQ(news_of(watch).text(), "done");
    EXPECT_EQ(receive<exited>().why.text(), "done");
  });
}

TEST(handoff, a_kill_takes_effect_at_the_next_call) {
  with_handoffs([] {
    const auto [who, watch] = spawn_monitor([] {
      spin_until(enough);
      ++rounds;
      yield();
      ++rounds;
    });
    until([who = who] { return handoffs_of(who) == 1; });
    kill(who);
    EXPECT_TRUE(info(who).has_value());
    enough = true;
    EXPECT_EQ(news_of(watch), reason::killed);
    EXPECT_EQ(rounds, 1);
  });
}

TEST(handoff, a_process_may_end_without_a_scheduler) {
  with_handoffs([] { EXPECT_EQ(outcome([] { spin_until_reported(); }), reason::normal); });
  with_handoffs([] {
    const reason why = outcome([] {
      spin_until_reported();
      throw std::runtime_error("thrown out there");
    });
    EXPECT_NE(why.text().find("thrown out there"), std::string::npos);
  });
  with_handoffs([] {
    const reason why = outcome([] {
      spin_until_reported();
      std::terminate();
    });
    EXPECT_EQ(why.kind(), reason_kind::error);
  });
}

TEST(handoff, exceptions_and_errno_travel) {
  with_handoffs([] {
    const reason why = outcome([] {
      try {
        throw std::runtime_error("caught before");
      } catch (const std::runtime_error&) {
        errno = EDOM;
        spin_until_reported();
        yield();
        if (errno != EDOM) exit(reason::error("errno was " + std::to_string(errno)));
        throw;
      }
    });
    EXPECT_NE(why.text().find("caught before"), std::string::npos) << why;
  });
}

// What needs no door works on the thread that is left behind, and what it makes there can be used anywhere.
TEST(handoff, a_process_without_a_scheduler_knows_itself_and_may_spawn) {
  with_handoffs([] {
    spin_until_reported();
    const pid before = self();
    const auto [child, watch] = spawn_monitor([](pid parent_then) { EXPECT_EQ(parent(), parent_then); }, before);
    EXPECT_EQ(self(), before);
    EXPECT_EQ(news_of(watch), reason::normal);
  });
}

TEST(handoff, timers_and_descriptors_of_the_scheduler_go_on) {
  with_handoffs([] {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe(ends.data()), 0);
    const unsigned here = current_scheduler();
    send_after(1ms, self(), hello{});
    const auto [who, watch] = spawn_monitor(spawn_options{.scheduler = here}, hog);
    receive<hello>();
    const ref reader = spawn_monitor(
                           spawn_options{.scheduler = here}, [](int end) { wait_readable(end); }, ends[0])
                           .monitor;
    sleep_for(1ms);
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_EQ(news_of(reader), reason::normal);
    until([who = who] { return handoffs_of(who) == 1; });
    enough = true;
    EXPECT_EQ(news_of(watch), reason::normal);
    ::close(ends[0]);
    ::close(ends[1]);
  });
}

struct hogging_server {
  void handle_cast(go) { spin_until_reported(); }
  int handle_call(hello) { return 7; }
};

TEST(handoff, a_servers_handler_loses_the_scheduler_like_any_code) {
  with_handoffs([] {
    const server<hogging_server> asked = start<hogging_server>();
    cast(asked, go{});
    EXPECT_EQ(call(asked, hello{}, infinity), 7);
    EXPECT_EQ(handoffs_of(asked.id()), 1u);
  });
}

TEST(handoff, is_reported_with_pid_label_and_time) {
  static std::vector<handoff_report> seen;
  for (const unsigned schedulers : {1u, 2u}) {
    seen.clear();
    reported = 0;
    options given;
    given.schedulers = schedulers;
    given.handoff_after = 20ms;
    given.on_handoff = [](const handoff_report& report) {
      seen.push_back(report);
      ++reported;
    };
    pid culprit;
    run(
        [&] {
          const auto [who, watch] = spawn_monitor(spawn_options{.name = "a hog", .label = "computes"}, spin_until_reported);
          culprit = who;
          news_of(watch);
        },
        given);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].process, culprit);
    EXPECT_EQ(seen[0].name, "a hog");
    EXPECT_EQ(seen[0].label, "computes");
    EXPECT_GE(seen[0].held, 20ms);
  }
}

// The second finds no thread; the one outside, who would wait for ever otherwise, hears of it.
TEST(handoff, says_once_when_no_thread_is_left) {
  options given;
  given.schedulers = 1;
  given.max_threads = 1;
  given.report_handoff = false;
  enough = false;
  begun = 0;
  ::testing::internal::CaptureStderr();
  run(
      [] {
        detail::scheduler_group& all = detail::current_core()->home.schedulers;
        std::thread outside([&all] {
          while (all.threads_lacked() < 3) std::this_thread::yield();
          enough = true;
        });
        const ref first = spawn_monitor(hog).monitor;
        const ref second = spawn_monitor(hog).monitor;
        news_of(first);
        news_of(second);
        outside.join();
      },
      given);
  const std::string said = ::testing::internal::GetCapturedStderr();
  const std::string::size_type at = said.find("no thread is left");
  EXPECT_NE(at, std::string::npos) << said;
  EXPECT_NE(said.find("MOTE_MAX_THREADS"), std::string::npos) << said;
  EXPECT_EQ(said.find("no thread is left", at + 1), std::string::npos) << said;
}

void compute_for(std::chrono::nanoseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) {}
}

TEST(handoff, happens_only_where_it_is_asked_for) {
  options never;
  never.handoff_after = 0ms;
  for (const mode& how : {mode{1, {}}, mode{2, {}}}) {
    in_mode(
        how,
        [] {
          compute_for(50ms);
          EXPECT_EQ(handoffs_of(self()), 0u);
        },
        never);
  }
  in_mode({1, 1}, [] {
    compute_for(50ms);
    EXPECT_EQ(handoffs_of(self()), 0u);
  });
}

}  // namespace
}  // namespace mote
