// mote::runtime: started and stopped by a host, reached from its threads, in order to the end, and never in its way.
#include "tests/embedding/hosted.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <set>
#include <stdexcept>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace mote::test {
namespace {

using namespace std::chrono_literals;

struct ask {
  pid from;
};

void answer_numbers() {
  for (;;) {
    receive([](ask who) { send(who.from, number{receive<number>().value}); });
  }
}

bool has_thread(int number) { return std::filesystem::exists("/proc/self/task/" + std::to_string(number)); }

// A tool that needs a thread of its own, such as ThreadSanitizer, starts it with the program's first.
void let_tools_start() {
  int first = 0;
  std::thread([&] { first = static_cast<int>(::gettid()); }).join();
  until_outside([&] { return !has_thread(first); });
}

std::size_t count_threads() {
  static const bool complete = (let_tools_start(), true);
  static_cast<void>(complete);
  const std::filesystem::directory_iterator each("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(each), end(each)));
}

// ---- calls ----

TEST(runtime_call, returns_what_the_function_returns) {
  runtime rt(small());
  EXPECT_EQ(rt.call([] { return 42; }), 42);
  EXPECT_EQ(rt.call([](int a, int b) { return a + b; }, 3, 4), 7);
  EXPECT_EQ(rt.call([] { return std::string("text"); }), "text");
  int here = 0;
  rt.call([&] { here = 5; });
  EXPECT_EQ(here, 5);
  EXPECT_EQ(&rt.call([&]() -> int& { return here; }), &here);
  EXPECT_EQ(*rt.call([value = std::make_unique<int>(8)]() mutable { return std::move(value); }), 8);
}

TEST(runtime_call, runs_in_a_process_of_its_own) {
  runtime rt(small());
  const pid first = rt.call([] { return self(); });
  const pid second = rt.call([] { return self(); });
  EXPECT_NE(first, second);
  EXPECT_EQ(first.place(), second.place());
  EXPECT_FALSE(rt.call([=] { return is_alive(first); }));
  EXPECT_FALSE(rt.call([] { return static_cast<bool>(parent()); }));
  EXPECT_EQ(rt.call({.name = "caller", .label = "a label"}, [] { return label() + (whereis("caller") == self() ? " named" : ""); }),
            "a label named");
}

TEST(runtime_call, throws_what_the_function_throws) {
  crash_log crashes;
  options given = small();
  given.on_crash = [&](const crash_report& report) { crashes.add(report); };
  runtime rt(given);
  try {
    rt.call([] { throw std::domain_error("the text"); });
    FAIL() << "nothing was thrown";
  } catch (const std::domain_error& thrown) {
    EXPECT_STREQ(thrown.what(), "the text");
  }
  EXPECT_THROW(rt.call([] { throw 5; }), int);
  EXPECT_EQ(crashes.all().size(), 0u);
}

TEST(runtime_call, fails_with_the_reason_when_its_process_is_ended) {
  runtime rt(small());
  const auto why = [&](void (*function)()) {
    try {
      rt.call(function);
    } catch (const call_failed& failed) {
      return failed.why();
    }
    return reason::error("it returned");
  };
  EXPECT_EQ(why([] { exit(reason::normal); }), reason::normal);
  EXPECT_EQ(why([] { exit(reason::error("mine")); }).text(), "mine");
  EXPECT_EQ(why([] { kill(self()); }), reason::killed);
  EXPECT_EQ(why([] {
              for (;;) {
                try {
                  exit(reason::error("again"));
                } catch (...) {
                }
              }
            }).kind(),
            reason_kind::abandoned);
}

TEST(runtime_call, may_be_made_by_many_threads_at_once) {
  runtime rt(small());
  std::atomic<int> total{0};
  std::vector<std::thread> hosts;
  for (int host = 0; host < 4; ++host) {
    hosts.emplace_back([&, host] {
      for (int i = 0; i < 200; ++i) total += rt.call([=] { return host * 1000 + i; });
    });
  }
  for (std::thread& host : hosts) host.join();
  EXPECT_EQ(total, 200 * (0 + 1000 + 2000 + 3000) + 4 * 199 * 200 / 2);
}

TEST(runtime_call, inside_a_process_of_the_same_runtime_is_refused) {
  runtime rt(small(1));
  EXPECT_THROW(rt.call([&] { rt.call([] {}); }), usage_error);
  EXPECT_THROW(rt.call([&] { rt.shutdown(); }), usage_error);
  EXPECT_EQ(rt.call([] { return 1; }), 1);
}

TEST(runtime_call, inside_a_process_of_another_runtime_is_a_call) {
  runtime one(small(1)), other(small(1));
  EXPECT_EQ(one.call([&] { return other.call([] { return 6; }); }), 6);
}

// ---- spawn and send ----

TEST(runtime_spawn, starts_processes_from_any_thread) {
  runtime rt(small());
  std::atomic<int> seen{0};
  const auto shared = std::make_shared<std::atomic<int>>(0);
  std::vector<std::thread> hosts;
  for (int host = 0; host < 4; ++host) {
    hosts.emplace_back([&] {
      for (int i = 0; i < 100; ++i) {
        const pid started = rt.spawn([](unsafe_share<std::atomic<int>> count) { ++*count; }, unsafe_share(shared));
        seen += static_cast<bool>(started);
      }
    });
  }
  for (std::thread& host : hosts) host.join();
  until_outside([&] { return *shared == 400; });
  EXPECT_EQ(seen, 400);
}

TEST(runtime_spawn, heeds_its_options) {
  runtime rt(small(2));
  const pid pinned = rt.spawn({.name = "pinned", .label = "here", .prio = priority::high, .scheduler = 1}, answer_numbers);
  rt.call([=] {
    until_waiting(pinned);
    const auto seen = info(pinned);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->name, "pinned");
    EXPECT_EQ(seen->label, "here");
    EXPECT_EQ(seen->prio, priority::high);
    EXPECT_FALSE(seen->parent);
    send("pinned", ask{self()});
    send(pinned, number{9});
    EXPECT_EQ(receive<number>().value, 9);
  });
  EXPECT_THROW(rt.spawn({.name = "pinned"}, answer_numbers), usage_error);
  EXPECT_THROW(rt.spawn({.scheduler = 2}, answer_numbers), usage_error);
}

TEST(runtime_spawn, names_the_limit_and_gives_slots_back) {
  options given = small(1);
  given.max_processes = 16;
  runtime rt(given);
  for (int round = 0; round < 20; ++round) {
    std::vector<pid> all;
    for (bool room = true; room;) {
      try {
        all.push_back(rt.spawn([] { receive<number>(); }));
      } catch (const system_limit& full) {
        EXPECT_NE(std::string(full.what()).find("16"), std::string::npos) << full.what();
        room = false;
      }
    }
    ASSERT_EQ(all.size(), 15u) << "in round " << round;  // and the root
    EXPECT_THROW(rt.call([] {}), system_limit);
    for (const pid one : all) rt.send(one, number{1});
    until_outside([&] {
      try {
        return rt.call([] { return processes().size(); }) == 1;
      } catch (const system_limit&) {
        return false;
      }
    });
  }
}

TEST(runtime_send, arrives_in_the_order_of_each_thread) {
  runtime rt(small());
  struct from {
    int host, count;
  };
  std::promise<void> done;
  const auto shared = std::make_shared<std::promise<void>*>(&done);
  const pid counter = rt.spawn(
      [](unsafe_share<std::promise<void>*> finished) {
        std::array<int, 4> next{};
        for (int i = 0; i < 4 * 500; ++i) {
          const from got = receive<from>();
          EXPECT_EQ(got.count, next[static_cast<std::size_t>(got.host)]++);
        }
        (*finished)->set_value();
      },
      unsafe_share(shared));
  std::vector<std::thread> hosts;
  for (int host = 0; host < 4; ++host) {
    hosts.emplace_back([&, host] {
      for (int i = 0; i < 500; ++i) rt.send(counter, from{host, i});
    });
  }
  for (std::thread& host : hosts) host.join();
  done.get_future().wait();
}

/// A process "sum" that adds four numbers up.
struct sum_of_four {
  explicit sum_of_four(runtime& where) {
    where.spawn(
        {.name = "sum"},
        [](unsafe_share<told> tell) {
          tell->made.set_value(make_alias());
          int sum = 0;
          for (int i = 0; i < 4; ++i) sum += receive<number>().value;
          tell->sum.set_value(sum);
        },
        unsafe_share(shared));
  }
  alias other_name() { return shared->made.get_future().get(); }
  int sum() { return shared->sum.get_future().get(); }

 private:
  struct told {
    std::promise<alias> made;
    std::promise<int> sum;
  };
  const std::shared_ptr<told> shared = std::make_shared<told>();
};

/// By the object or by a handle.
template <class Way>
void send_to_name_and_alias(runtime& rt, Way&& way) {
  sum_of_four adds(rt);
  const alias other = adds.other_name();
  way.send("sum", number{1});
  way.send(other, number{2});
  EXPECT_EQ(way.try_send("sum", number{4}), send_result::delivered);
  EXPECT_EQ(way.try_send(other, number{8}), send_result::delivered);
  EXPECT_EQ(adds.sum(), 15);
}

TEST(runtime_send, reaches_names_and_aliases) {
  runtime rt(small());
  send_to_name_and_alias(rt, rt);
}

/// What the call's usage_error says.
template <class Call>
std::string refusal_of(Call&& call) {
  try {
    call();
  } catch (const usage_error& refused) {
    return refused.what();
  }
  return "nothing";
}

TEST(runtime_send, to_a_name_that_nobody_has_is_refused_in_the_name_of_the_call) {
  runtime rt(small(1));
  const runtime_handle handle = rt.handle();
  const std::string nobody = ": nobody has the name \"ada\"";
  EXPECT_EQ(refusal_of([&] { rt.send("ada", number{1}); }), "mote::runtime::send" + nobody);
  EXPECT_EQ(refusal_of([&] { rt.try_send("ada", number{1}); }), "mote::runtime::try_send" + nobody);
  EXPECT_EQ(refusal_of([&] { handle.send("ada", number{1}); }), "mote::runtime_handle::send" + nobody);
  EXPECT_EQ(refusal_of([&] { handle.try_send("ada", number{1}); }), "mote::runtime_handle::try_send" + nobody);
}

/// Tries it by the object, by a handle, and in a process of another runtime.
template <class Try>
void in_each_way(runtime& rt, Try&& attempt) {
  attempt(rt);
  attempt(rt.handle());
  runtime other(small(1));
  other.call([&] { attempt(rt); });
}

TEST(runtime_try_send, tells_a_host_of_a_full_mailbox_and_does_not_wait) {
  runtime rt(small(1));
  in_each_way(rt, [&](auto&& way) {
    const pid full = rt.spawn({.name = "full", .mailbox = {.messages = 1}}, wait_for_ever);
    const alias other(full, ref());
    EXPECT_EQ(way.try_send(full, number{1}), send_result::delivered);
    EXPECT_EQ(way.try_send(full, number{2}), send_result::full);
    EXPECT_EQ(way.try_send("full", number{3}), send_result::full);
    EXPECT_EQ(way.try_send(other, number{4}), send_result::full);
    rt.call([=] {
      EXPECT_EQ(info(full)->mailbox_messages, 1u);
      const ref watch = monitor(full);
      kill(full);
      news_of(watch);
    });
    EXPECT_EQ(way.try_send(full, number{5}), send_result::no_process);
  });
}

TEST(runtime_try_send, finds_nobody_after_a_shutdown) {
  runtime rt(small(1));
  const runtime_handle handle = rt.handle();
  const pid there = rt.spawn(wait_for_ever);
  EXPECT_EQ(handle.try_send(there, number{1}), send_result::delivered);
  rt.shutdown();
  EXPECT_EQ(rt.try_send(there, number{2}), send_result::no_process);
  EXPECT_EQ(handle.try_send(there, number{3}), send_result::no_process);
}

TEST(runtime_handle, reaches_names_and_aliases) {
  runtime rt(small());
  send_to_name_and_alias(rt, rt.handle());
}

// ---- several runtimes ----

TEST(runtimes, run_one_after_another_and_side_by_side) {
  for (int round = 0; round < 20; ++round) {
    runtime one(small(1)), other(small(2));
    EXPECT_NE(one.call([] { return self().place(); }), other.call([] { return self().place(); }));
    EXPECT_EQ(one.call([] { return scheduler_count(); }), 1u);
    EXPECT_EQ(other.call([] { return scheduler_count(); }), 2u);
  }
}

TEST(runtimes, run_beside_mote_run) {
  runtime rt(small(1));
  EXPECT_EQ(mote::run([&] { return rt.call([] { return 3; }); }, with({1, {}})), 3);
}

TEST(runtimes, send_to_one_another) {
  runtime one(small(1)), other(small(1));
  const pid there = other.spawn(answer_numbers);
  EXPECT_EQ(one.call([=] {
              send(there, ask{self()});
              send(there, number{11});
              EXPECT_EQ(try_send(there, 7), send_result::delivered);
              return receive<number>().value;
            }),
            11);
}

// Else it would hold up all that its scheduler has to run.
TEST(runtimes, keep_no_scheduler_of_another_waiting_for_room) {
  runtime one(small(1)), other(small(1));
  const pid full = other.spawn({.mailbox = {.messages = 1}}, wait_for_ever);
  one.call([full] {
    send(full, 1);
    EXPECT_EQ(try_send(full, 2), send_result::full);
    send(full, 3);
  });
  other.call([full] { EXPECT_EQ(info(full)->mailbox_messages, 2u); });
}

TEST(runtimes, tell_who_lives_in_another_from_who_has_ended) {
  runtime one(small(1));
  pid there;
  {
    runtime other(small(1));
    there = other.spawn(wait_for_ever);
    one.call([=] {
      EXPECT_THROW(link(there), usage_error);
      EXPECT_THROW(monitor(there), usage_error);
      EXPECT_THROW(request(there, number{1}), usage_error);
      EXPECT_THROW(kill(there), usage_error);
    });
  }
  one.call([=] {
    EXPECT_EQ(news_of(monitor(there)), reason::noproc);
    send(there, number{1});
    EXPECT_EQ(try_send(there, number{1}), send_result::no_process);
  });
}

// ---- shutdown ----

TEST(runtime_shutdown, asks_then_kills_and_names_nobody) {
  static std::atomic<int> asked{0}, unwound{0};
  asked = unwound = 0;
  struct last {
    ~last() { ++unwound; }
  };
  runtime rt(small());
  std::atomic<int> begun{0};
  const auto count = std::make_shared<std::atomic<int>*>(&begun);
  rt.spawn(
      [](unsafe_share<std::atomic<int>*> started) {
        const last here;
        ++**started;
        wait_for_ever();
      },
      unsafe_share(count));
  rt.spawn(
      [](unsafe_share<std::atomic<int>*> started) {
        const last here;
        trap_exit(true);
        ++**started;
        for (;;) receive([](const exited& news) { asked += news.why == reason::shutdown; });
      },
      unsafe_share(count));
  until_outside([&] { return begun == 2; });
  EXPECT_TRUE(rt.shutdown(20ms).empty());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(unwound, 2);
}

TEST(runtime_shutdown, takes_a_moment_that_has_passed_for_at_once) {
  for (const auto within : {-1h, 0h}) {
    runtime rt(small());
    rt.spawn([] {
      trap_exit(true);
      for (;;) receive([](any_message) {});
    });
    EXPECT_TRUE(rt.shutdown(within).empty());
  }
  runtime rt(small());
  EXPECT_TRUE(rt.shutdown(std::chrono::steady_clock::time_point{}).empty());
}

TEST(runtime_shutdown, twice_at_once_waits_for_the_first) {
  runtime rt(small());
  static std::atomic<bool> ended;
  ended = false;
  rt.call([] {
    spawn([] {
      struct slow {
        ~slow() {
          sleep_for(1ms);
          ended = true;
        }
      };
      const slow last;
      wait_for_ever();
    });
    until([] { return processes().size() == 2; });
    for (const pid one : processes()) {
      if (one != self()) until_waiting(one);
    }
  });
  std::vector<std::thread> hosts;
  std::atomic<int> late{0};
  for (int host = 0; host < 3; ++host) {
    hosts.emplace_back([&] {
      EXPECT_TRUE(rt.shutdown().empty());
      late += !ended;
    });
  }
  for (std::thread& host : hosts) host.join();
  EXPECT_EQ(late, 0);
  EXPECT_TRUE(rt.shutdown().empty());
}

TEST(runtime_shutdown, names_who_does_not_end) {
  const std::size_t threads = count_threads();
  static std::atomic<bool> go_on;
  go_on = false;
  auto rt = std::make_unique<runtime>(small(2));
  const pid stubborn = rt->spawn({.name = "stubborn", .label = "computes"}, [] {
    while (!go_on) {
    }
  });
  const std::vector<left_process> left = rt->shutdown(1ms);
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].process, stubborn);
  EXPECT_EQ(left[0].name, "stubborn");
  EXPECT_EQ(left[0].label, "computes");
  ::testing::internal::CaptureStderr();
  rt.reset();
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");  // told already
  go_on = true;
  until_outside([=] { return count_threads() == threads; });
}

// What it holds then is no leak (LeakSanitizer).
TEST(runtime_shutdown, leaves_one_that_takes_memory_later) {
  const std::size_t threads = count_threads();
  static std::atomic<bool> go_on, took;
  go_on = took = false;
  auto rt = std::make_unique<runtime>(small(1));
  rt->spawn([] {
    while (!go_on) {
    }
    const std::vector<int> kept(100, 7);
    __asm__ volatile("" : : "r"(kept.data()) : "memory");
    took = true;
    wait_for_ever();
  });
  EXPECT_EQ(rt->shutdown(1ms).size(), 1u);
  rt.reset();
  go_on = true;
  until_outside([=] { return count_threads() == threads; });
  EXPECT_TRUE(took);
}

TEST(runtime_shutdown, is_not_kept_waiting_by_who_holds_the_only_scheduler) {
  const std::size_t threads = count_threads();
  static std::atomic<bool> go_on, begun;
  go_on = begun = false;
  ::testing::internal::CaptureStderr();
  {
    options given = small(1);
    given.shutdown_deadline = 1ms;
    runtime rt(given);
    rt.spawn({.label = "a hog"}, [] {
      begun = true;
      while (!go_on) {
      }
    });
    until_outside([] { return begun.load(); });
  }
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("a hog did not end"), std::string::npos);
  go_on = true;
  until_outside([=] { return count_threads() == threads; });
}

TEST(runtime_shutdown, ends_calls_that_are_under_way) {
  runtime rt(small());
  std::promise<void> begun;
  std::thread host([&] {
    try {
      rt.call([&] {
        begun.set_value();
        wait_for_ever();
      });
      ADD_FAILURE() << "it returned";
    } catch (const call_failed& failed) {
      EXPECT_EQ(failed.why(), reason::shutdown);
    }
  });
  begun.get_future().wait();
  EXPECT_TRUE(rt.shutdown().empty());
  host.join();
}

TEST(runtime_shutdown, leaves_nothing_to_start_or_to_reach) {
  const std::size_t before = count_threads();
  runtime rt(small());
  const auto shared = std::make_shared<int>(0);
  const pid there = rt.spawn(wait_for_ever);
  EXPECT_GE(count_threads(), before + 2);
  EXPECT_TRUE(rt.shutdown().empty());
  until_outside([=] { return count_threads() == before; });  // the kernel lists one for a moment after it was joined
  EXPECT_THROW(rt.spawn([](unsafe_share<int>) {}, unsafe_share(shared)), usage_error);
  try {
    rt.call([shared] {});
    ADD_FAILURE() << "it returned";
  } catch (const call_failed& failed) {
    EXPECT_EQ(failed.why(), reason::shutdown);
  }
  rt.send(there, unsafe_share(shared));
  EXPECT_EQ(shared.use_count(), 1);
  EXPECT_THROW(rt.send("nobody", number{1}), usage_error);
}

TEST(runtime_shutdown, races_with_threads_that_spawn_call_and_send) {
  for (int round = 0; round < 20; ++round) {
    const auto shared = std::make_shared<int>(0);
    {
      runtime rt(small());
      const pid there = rt.spawn(wait_for_ever);
      std::atomic<int> begun{0};
      std::atomic<bool> over{false};
      std::vector<std::thread> hosts;
      hosts.emplace_back([&] {
        for (++begun; !over;) rt.send(there, unsafe_share(shared));
      });
      hosts.emplace_back([&] {
        ++begun;
        for (bool open = true; open;) {
          try {
            rt.call([shared] { return *shared; });
          } catch (const system_limit&) {  // the other thread is ahead
          } catch (const call_failed&) {
            open = false;
          }
        }
      });
      hosts.emplace_back([&] {
        ++begun;
        for (bool open = true; open;) {
          try {
            rt.spawn([](unsafe_share<int>) { yield(); }, unsafe_share(shared));
          } catch (const system_limit&) {
          } catch (const usage_error&) {
            open = false;
          }
        }
      });
      until_outside([&] { return begun == 3; });
      EXPECT_TRUE(rt.shutdown().empty());
      over = true;
      for (std::thread& host : hosts) host.join();
    }
    ASSERT_EQ(shared.use_count(), 1);
  }
}

TEST(runtime_handle, sends_into_nothing_after_the_runtime_s_end) {
  std::optional<runtime_handle> handle;
  pid there;
  const auto shared = std::make_shared<int>(0);
  mote::run(
      [&] {
        handle = this_runtime();
        there = self();
      },
      with({1, {}}));
  handle->send(there, unsafe_share(shared));
  const runtime_handle copy = *handle;
  copy.send(there, unsafe_share(shared));
  EXPECT_EQ(shared.use_count(), 1);
}

// ---- the host's own ----

TEST(host, keeps_its_signals) {
  static std::atomic<int> taken_by_host;
  static std::thread::id host;
  taken_by_host = 0;
  host = std::this_thread::get_id();
  struct sigaction mine {}, before {};
  mine.sa_handler = [](int) { taken_by_host += std::this_thread::get_id() == host; };
  ASSERT_EQ(::sigaction(SIGUSR1, &mine, &before), 0);
  {
    runtime rt(small());
    rt.call([] { ::kill(::getpid(), SIGUSR1); });
    until_outside([] { return taken_by_host == 1; });
    const sigset_t blocked = rt.call([] {
      sigset_t set;
      ::pthread_sigmask(SIG_BLOCK, nullptr, &set);
      return set;
    });
    for (int each = 1; each < SIGRTMIN; ++each) {
      const bool fault = each == SIGSEGV || each == SIGBUS || each == SIGFPE || each == SIGILL || each == SIGTRAP || each == SIGSYS;
      const bool never = each == SIGKILL || each == SIGSTOP || each == 32 || each == 33;
      if (never) continue;
      EXPECT_EQ(::sigismember(&blocked, each), fault ? 0 : 1) << each;
    }
  }
  sigset_t now;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &now);
  EXPECT_EQ(::sigismember(&now, SIGUSR1), 0);
  ::sigaction(SIGUSR1, &before, nullptr);
}

std::set<std::string> all_threads() {
  std::set<std::string> all;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/task")) all.insert(each.path().string());
  return all;
}

/// Whether a thread blocks that signal; one that has ended does.
bool blocks(const std::string& thread, int signal) {
  std::ifstream status(thread + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("SigBlk:")) return (std::stoull(line.substr(7), nullptr, 16) >> (signal - 1) & 1) != 0;
  }
  return true;
}

TEST(host, keeps_its_signals_whatever_threads_its_options_begin) {
  let_tools_start();
  const std::set<std::string> before = all_threads();
  options given = small();
  given.dump_on_quit = true;
  runtime rt(given);
  rt.call([] { blocking([] {}); });
  const std::set<std::string> now = all_threads();
  EXPECT_GE(now.size(), before.size() + 4);  // two schedulers, one for dumps, one that blocks
  for (const std::string& each : now) {
    EXPECT_TRUE(before.contains(each) || blocks(each, SIGUSR1)) << each;
  }
}

TEST(host, keeps_its_handlers_unless_an_option_says_otherwise) {
  const auto handler_of = [](int signal) {
    struct sigaction now {};
    ::sigaction(signal, nullptr, &now);
    return now.sa_sigaction;
  };
  std::vector<void (*)(int, siginfo_t*, void*)> before;
  for (int each = 1; each <= SIGRTMAX; ++each) before.push_back(handler_of(each));
  const std::terminate_handler terminate_before = std::get_terminate();
  {
    runtime rt(small());
    rt.call([] {});
    for (int each = 1; each <= SIGRTMAX; ++each) EXPECT_EQ(handler_of(each), before[static_cast<std::size_t>(each - 1)]) << each;
    EXPECT_EQ(std::get_terminate(), terminate_before);
  }
  {
    options given = small();
    given.catch_terminate = given.catch_stack_overflow = true;
    runtime rt(given);
    EXPECT_NE(handler_of(SIGSEGV), before[SIGSEGV - 1]);
    EXPECT_NE(std::get_terminate(), terminate_before);
  }
  EXPECT_EQ(handler_of(SIGSEGV), before[SIGSEGV - 1]);
  EXPECT_EQ(std::get_terminate(), terminate_before);
}

TEST(host, keeps_its_environment_to_itself) {
  ::setenv("MOTE_SCHEDULERS", "no number", 1);
  ::setenv("MOTE_UNKNOWN", "1", 1);
  EXPECT_EQ(runtime(small(1)).call([] { return scheduler_count(); }), 1u);
  ::unsetenv("MOTE_SCHEDULERS");
  ::unsetenv("MOTE_UNKNOWN");
}

TEST(host, keeps_its_errno) {
  errno = 77;
  {
    runtime rt(small());
    EXPECT_EQ(errno, 77);
    const pid there = rt.spawn(wait_for_ever);
    rt.send(there, number{1});
    rt.call([] { errno = 5; });
    EXPECT_EQ(errno, 77);
    rt.shutdown();
    EXPECT_EQ(errno, 77);
  }
  EXPECT_EQ(errno, 77);
}

TEST(host, hands_no_descriptor_to_what_it_executes) {
  runtime rt(small());
  std::size_t own = 0;
  rt.call([&] {
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code none;
      const std::string what = std::filesystem::read_symlink(each, none).string();
      if (!what.starts_with("anon_inode:")) continue;
      ++own;
      const int descriptor = std::stoi(each.path().filename());
      EXPECT_NE(::fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0) << what;
    }
  });
  EXPECT_GT(own, 0u);
}

// ---- impossible options ----

TEST(runtime_options, that_cannot_be_are_named) {
  const auto refused = [](auto&& change) -> std::string {
    options given = small();
    change(given);
    try {
      const runtime rt(given);
    } catch (const usage_error& wrong) {
      return wrong.what();
    }
    return "it started";
  };
  EXPECT_NE(refused([](options& given) { given.schedulers = 1025; }).find("schedulers"), std::string::npos);
  EXPECT_NE(refused([](options& given) { given.max_processes = 0; }).find("max_processes"), std::string::npos);
  EXPECT_NE(refused([](options& given) { given.stack_bytes = 0; }).find("stack_bytes"), std::string::npos);
  EXPECT_NE(refused([](options& given) { given.arena_bytes = 1; }).find("arena_bytes"), std::string::npos);
  EXPECT_NE(refused([](options& given) { given.shutdown_deadline = -1ms; }).find("shutdown_deadline"), std::string::npos);
}

TEST(runtime_options, a_seed_gives_virtual_time) {
  options given = small(1);
  given.deterministic_seed = 5;
  runtime rt(given);
  EXPECT_GE(rt.call([] {
    const auto before = now();
    sleep_for(24h);
    return now() - before;
  }), 24h);
  rt.spawn([] {
    trap_exit(true);
    for (;;) receive([](any_message) {});
  });
  EXPECT_TRUE(rt.shutdown(1h).empty());
}

}  // namespace
}  // namespace mote::test
