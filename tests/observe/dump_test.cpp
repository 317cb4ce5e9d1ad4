// <mote/observe.hpp>: dump, and what mote-dump's reader makes of it.
#include "tests/in_process.hpp"

#include "runtime/base/annotate.hpp"
#include "tools/mote_dump/dump_file.hpp"

#include <algorithm>
#include <csignal>
#include <sstream>
#include <sys/resource.h>

namespace mote::test {
namespace {

using dump_tool::dumped_runtime;

struct order {
  int number;
};

dumped_runtime dumped() {
  std::istringstream text(dump(dump_format::json));
  return dump_tool::read_dump(text).at(0);
}

const detail::process_record& of(const dumped_runtime& all, pid who) {
  const auto found = std::ranges::find(all.processes, who, &detail::process_record::id);
  if (found == all.processes.end()) throw std::runtime_error(to_string(who) + " is not in the dump");
  return *found;
}

bool has(const detail::some_pids& some, pid one) {
  return std::find(some.first.begin(), some.first.begin() + some.shown(), one) != some.first.begin() + some.shown();
}

__attribute__((noinline)) void waits_deep_down(int depth) {
  if (depth == 0) return wait_for_ever();
  waits_deep_down(depth - 1);
  __asm__ volatile("");
}

TEST(dump, tells_of_each_process_what_it_is_and_waits_for) {
  in_every_mode([] {
    const pid receiver = spawn(spawn_options{.name = "the receiver", .label = "a \"label\"\n\xc3\xa4"}, wait_for_ever);
    const pid sleeper = spawn([] { sleep_for(std::chrono::hours(1)); });
    const pid asker = spawn([](pid asked) { receive_reply<int>(request(asked, 1)); }, receiver);
    const pid linked = spawn_link(wait_for_ever);
    const ref watch = monitor(receiver);
    for (const pid one : {sleeper, asker, linked}) until_waiting(one);
    for (int i = 0; i < 3; ++i) send(receiver, order{i});
    until_waiting(receiver);
    const dumped_runtime all = dumped();
    EXPECT_EQ(all.processes.size(), 5u);

    const auto& first = of(all, receiver);
    EXPECT_EQ(first.name.view(), "the receiver");
    EXPECT_EQ(first.label.view(), "a \"label\"\n\xc3\xa4");
    EXPECT_EQ(first.parent, self());
    EXPECT_EQ(first.state, process_state::waiting);
    EXPECT_EQ(first.waits_for, wait_reason::message);
    EXPECT_EQ(first.messages, 4u);
    EXPECT_TRUE(has(first.watchers, self()));
    EXPECT_EQ(of(all, sleeper).waits_for, wait_reason::time);
    EXPECT_EQ(of(all, asker).waits_for, wait_reason::reply);
    EXPECT_EQ(of(all, asker).waits_for_whom, receiver);
    EXPECT_TRUE(has(of(all, linked).links, self()));
    EXPECT_EQ(of(all, self()).state, process_state::running);
    EXPECT_TRUE(has(of(all, self()).links, linked));
    EXPECT_TRUE(has(of(all, self()).monitors, receiver));
    demonitor(watch);
    unlink(linked);
    for (const pid one : {receiver, sleeper, asker, linked}) kill(one);
  });
}

TEST(dump, tells_the_type_of_the_first_message) {
  in_every_mode([] {
    const pid deaf = spawn([] { sleep_for(std::chrono::hours(1)); });
    const pid picky = spawn(wait_for_ever);
    for (const pid one : {deaf, picky}) {
      until_waiting(one);
      send(one, order{1});
      send(one, 2);
      until_waiting(one);
    }
    const dumped_runtime all = dumped();
    for (const pid one : {deaf, picky}) {
      EXPECT_EQ(of(all, one).messages, 2u);
      EXPECT_NE(of(all, one).first_message.view().find("order"), std::string::npos) << of(all, one).first_message.view();
      kill(one);
    }
  });
}

// Long after many others have come and gone, and wherever it lies.
TEST(dump, counts_what_waits_in_a_limited_mailbox) {
  for (const when_full policy : {when_full::park_sender, when_full::drop_oldest}) {
    in_every_mode([=] {
      spawn_options limited{.mailbox = {.messages = 200, .policy = policy}};
      limited.mailbox.types = {limit_for<int>({.messages = 4})};
      const pid receiver = spawn(limited, [] {
        for (int i = 0; i < 100; ++i) receive<order>();
        sleep_for(std::chrono::hours(1));
      });
      for (int i = 0; i < 103; ++i) send(receiver, order{i});
      for (int i = 0; i < 2; ++i) send(receiver, i);
      until([=] { return info(receiver)->waits_for == wait_reason::time && info(receiver)->mailbox_messages == 5; });
      until_waiting(receiver);
      const dumped_runtime all = dumped();
      EXPECT_EQ(of(all, receiver).messages, 5u);
      EXPECT_EQ(of(all, receiver).message_bytes, info(receiver)->mailbox_bytes);
      EXPECT_NE(of(all, receiver).first_message.view().find("order"), std::string::npos);
      kill(receiver);
    });
  }
}

TEST(dump, shows_the_calls_on_the_stack_of_one_that_waits) {
  in_every_mode([] {
    const pid deep = spawn([] { waits_deep_down(3); });
    until_waiting(deep);
    EXPECT_GE(of(dumped(), deep).frames, 5u);
    const std::string text = dump();
    const std::size_t begin = text.find("process " + to_string(deep));
    ASSERT_NE(begin, std::string::npos);
    const std::string part = text.substr(begin, text.find("\nprocess ", begin + 1) - begin);
    EXPECT_NE(part.find("waits_deep_down"), std::string::npos) << part;
    EXPECT_NE(part.find("more("), std::string::npos) << part;
    kill(deep);
  });
}

TEST(dump, shows_the_calls_of_the_caller_itself) {
  in_every_mode([] {
    const std::string text = dump();
    EXPECT_NE(text.find("shows_the_calls_of_the_caller_itself"), std::string::npos) << text;
  });
}

#if !defined(MOTE_TSAN)  // which keeps signals back until the thread calls something

std::atomic<bool> spins{false}, stop_spinning{false};

__attribute__((noinline)) void never_calls_the_runtime() {
  spins = true;
  while (!stop_spinning) detail::tsan_release(nullptr);
}

TEST(dump, shows_where_another_process_runs_that_never_calls_the_runtime) {
  in_mode({2, {}}, [] {
    spins = stop_spinning = false;
    const pid busy = spawn(never_calls_the_runtime);
    until([] { return spins.load(); });
    const std::string text = dump();
    stop_spinning = true;
    const std::size_t begin = text.find("process " + to_string(busy));
    ASSERT_NE(begin, std::string::npos);
    EXPECT_NE(text.find("never_calls_the_runtime", begin), std::string::npos) << text;
    EXPECT_EQ(text.find("not all threads stood still"), std::string::npos) << text;
  });
}

#endif

// Whatever the others do meanwhile: many are spawned, talk and end while others look.
TEST(dump, of_a_busy_runtime_is_whole) {
  on_schedulers([] {
    std::vector<pid> busy;
    for (int i = 0; i < 20; ++i) {
      busy.push_back(spawn([] {
        for (;;) {
          const pid child = spawn_link([] { receive<order>(); });
          send(child, order{1});
          request(child, 1);
          yield();
          while (receive<any_message>(std::chrono::nanoseconds(0))) {
          }
        }
      }));
    }
    std::size_t most = 0;
    for (int i = 0; i < 20; ++i) {
      const dumped_runtime all = dumped();
      most = std::max(most, all.processes.size());
      EXPECT_EQ(of(all, self()).id, self());
      yield();
    }
    EXPECT_GT(most, 20u);
    for (const pid one : busy) kill(one);
  });
}

// Started from outside, as all that the host calls; each dump is one of them.
TEST(dump, counts_those_that_a_host_has_started) {
  for (const unsigned schedulers : {1u, 2u}) {
    mote::runtime host(with({schedulers, {}}));
    for (std::uint64_t before = 0; before < 2; ++before) {
      const dumped_runtime all = host.call([] { return dumped(); });
      EXPECT_EQ(all.whole.processes, 1u);
      EXPECT_EQ(all.whole.spawned, before + 1);
      EXPECT_EQ(all.whole.ended, before);
    }
  }
}

TEST(dump, tells_of_schedulers_and_their_last_events) {
  in_every_mode([] {
    for (int i = 0; i < 100; ++i) outcome([] {});
    const dumped_runtime all = dumped();
    ASSERT_EQ(all.schedulers.size(), scheduler_count());
    const auto& own = all.schedulers[current_scheduler()];
    EXPECT_EQ(own.running, self());
    std::size_t events = 0;
    for (const auto& each : all.schedulers) events = std::max(events, each.events);
    EXPECT_EQ(events, detail::scheduler_record::most_events);
    EXPECT_GE(all.whole.spawned, 100u);
    EXPECT_GT(all.whole.resident_bytes, 0u);
  });
}

TEST(dump, sums_up_memory_over_all_processes) {
  in_every_mode([] {
    std::vector<pid> waiting;
    for (int i = 0; i < 10; ++i) waiting.push_back(spawn(wait_for_ever));
    for (const pid one : waiting) {
      until_waiting(one);
      for (int i = 0; i < 5; ++i) send(one, order{i});
      until_waiting(one);
    }
    const dumped_runtime all = dumped();
    std::uint64_t bytes = 0;
    for (const auto& each : all.processes) bytes += each.message_bytes;
    EXPECT_GT(bytes, 50 * sizeof(order));
    EXPECT_EQ(all.whole.message_bytes, bytes);
    EXPECT_GE(all.whole.stacks, 11u);
    EXPECT_GE(all.whole.stack_address_bytes, 11u << 16);
    EXPECT_EQ(all.whole.injected, 0u);
    const std::string text = dump();
    EXPECT_NE(text.find(std::to_string(bytes) + " bytes in mailboxes"), std::string::npos) << text.substr(0, 1000);
    for (const pid one : waiting) kill(one);
  });
}

/// No file gets longer than that, and the signal about it is ignored.
class short_files {
 public:
  explicit short_files(rlim_t most) : ignored_before_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit now{most, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &now);
  }
  short_files(const short_files&) = delete;
  short_files& operator=(const short_files&) = delete;
  ~short_files() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, ignored_before_);
  }

 private:
  void (*ignored_before_)(int);
  rlimit before_{};
};

TEST(dump, that_cannot_be_written_whole_is_refused_with_the_limit) {
  in_mode({1, {}}, [] {
    for (int i = 0; i < 100; ++i) spawn_link(wait_for_ever);
    std::string why = "nothing was thrown";
    std::error_code code;
    try {
      const short_files limited(4096);
      dump(dump_format::json);
    } catch (const std::system_error& refused) {
      why = refused.what();
      code = refused.code();
    }
    EXPECT_EQ(code, std::errc::file_too_large);
    EXPECT_EQ(why.find("mote::dump: "), 0u) << why;
    EXPECT_NE(why.find("4096 (RLIMIT_FSIZE)"), std::string::npos) << why;
    exit(reason::shutdown);
  });
}

struct counter {
  int handle_call(order one) { return one.number; }
};

TEST(dump, shows_supervisors_with_their_children) {
  in_every_mode([] {
    const auto top = start_supervisor({}, {child<counter>("one"), supervisor_child("two", {}, {child<counter>("three")})});
    const std::string text = dump();
    const std::size_t tree = text.find("supervision:\n");
    ASSERT_NE(tree, std::string::npos) << text;
    const std::string part = text.substr(tree, text.find("\nprocess ", tree) - tree);
    EXPECT_NE(part.find("  " + to_string(static_cast<pid>(top)) + ", supervisor\n"), std::string::npos) << part;
    EXPECT_NE(part.find("    <"), std::string::npos) << part;
    EXPECT_NE(part.find("\n      <"), std::string::npos) << part;
    EXPECT_NE(part.find("counter"), std::string::npos) << part;
    stop(top);
  });
}

TEST(dump, is_refused_when_it_is_cut_off) {
  in_mode({1, {}}, [] {
    const std::string whole = dump(dump_format::json);
    for (const std::size_t length : {std::size_t{0}, whole.size() / 2, whole.size() - 3}) {
      std::istringstream part(whole.substr(0, length));
      EXPECT_THROW(dump_tool::read_dump(part), std::runtime_error) << length;
    }
    std::istringstream other("{\"mote_dump\": 2}");
    EXPECT_THROW(dump_tool::read_dump(other), std::runtime_error);
  });
}

}  // namespace
}  // namespace mote::test
