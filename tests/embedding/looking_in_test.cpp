// Looking into a runtime from a host's threads: what is there to see, also while no scheduler would answer.
#include "tests/embedding/hosted.hpp"

#include "runtime/base/annotate.hpp"

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <thread>

namespace mote::test {
namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(looking_in, from_a_hosts_thread_shows_what_a_process_would_see) {
  runtime rt(small());
  const pid waiter = rt.spawn({.name = "the waiter"}, wait_for_ever);
  const runtime_handle handle = rt.handle();
  until_outside([&] { return rt.info(waiter)->state == process_state::waiting; });
  for (int i = 0; i < 3; ++i) rt.send(waiter, number{i});
  EXPECT_EQ(rt.processes(), std::vector{waiter});
  EXPECT_EQ(handle.processes(), std::vector{waiter});
  EXPECT_EQ(rt.info(waiter)->name, "the waiter");
  until_outside([&] { return handle.info(waiter)->mailbox_messages == 3; });  // it looks at each
  EXPECT_FALSE(rt.info(pid()).has_value());
  EXPECT_EQ(rt.statistics().processes, 1u);
  EXPECT_EQ(handle.statistics().schedulers.size(), 2u);
  EXPECT_TRUE(has(rt.dump(), "process " + to_string(waiter) + " \"the waiter\""));
  EXPECT_TRUE(has(handle.dump(dump_format::json), "\"name\":\"the waiter\""));
  EXPECT_TRUE(has(rt.environment(), "schedulers: 2"));
}

TEST(looking_in, at_a_simulated_runtime_from_a_hosts_thread) {
  options simulated = small();
  simulated.deterministic_seed = 3;
  runtime rt(simulated);
  const pid waiter = rt.spawn(wait_for_ever);
  until_outside([&] { return rt.info(waiter)->state == process_state::waiting; });
  EXPECT_EQ(rt.processes(), std::vector{waiter});
  EXPECT_TRUE(has(rt.dump(), "process " + to_string(waiter)));
}

TEST(looking_in, after_a_shutdown_there_is_nothing_to_see) {
  std::optional<runtime> rt(small());
  const pid waiter = rt->spawn(wait_for_ever);
  const runtime_handle handle = rt->handle();
  EXPECT_TRUE(rt->shutdown().empty());
  const auto sees_nothing = [&](const auto& which) {
    return which.processes().empty() && !which.info(waiter) && which.statistics().schedulers.empty() && which.dump().empty() &&
           which.environment().empty();
  };
  EXPECT_TRUE(rt->processes().empty());
  EXPECT_TRUE(rt->dump().empty());
  EXPECT_TRUE(sees_nothing(handle));
  rt.reset();
  EXPECT_TRUE(sees_nothing(handle));
}

TEST(looking_in, environment_tells_a_plain_thread_of_the_machine) {
  EXPECT_TRUE(has(environment(), "page bytes: "));
  EXPECT_TRUE(has(environment(), "allocator: "));
  EXPECT_FALSE(has(environment(), "schedulers: "));
}

std::atomic<bool> spins{false}, stop_spinning{false};

__attribute__((noinline)) void never_calls_the_runtime() {
  spins = true;
  while (!stop_spinning) detail::tsan_release(nullptr);
}

/// A runtime with one scheduler, which a process holds as long as this lives.
class stuck_runtime {
 public:
  stuck_runtime() : rt_(options_of()) {
    spins = stop_spinning = false;
    spinner_ = rt_.spawn({.name = "the spinner"}, never_calls_the_runtime);
    until_outside([] { return spins.load(); });
  }
  stuck_runtime(const stuck_runtime&) = delete;
  stuck_runtime& operator=(const stuck_runtime&) = delete;
  ~stuck_runtime() { stop_spinning = true; }

  runtime& get() noexcept { return rt_; }
  pid spinner() const noexcept { return spinner_; }

 private:
  static options options_of() {
    options given = small(1);
    given.handoff_after = std::chrono::milliseconds(0);
    given.backtraces = true;
    return given;
  }

  runtime rt_;
  pid spinner_;
};

TEST(looking_in, shows_where_the_only_scheduler_is_stuck) {
  stuck_runtime stuck;
  EXPECT_EQ(stuck.get().info(stuck.spinner())->state, process_state::running);
  EXPECT_EQ(stuck.get().processes(), std::vector{stuck.spinner()});
  const std::string text = stuck.get().dump();
  EXPECT_TRUE(has(text, "runs " + to_string(stuck.spinner()))) << text;
#if !defined(MOTE_TSAN)  // which keeps signals back until the thread calls something
  EXPECT_TRUE(has(text, "never_calls_the_runtime")) << text;
#endif
}

TEST(looking_in, counts_what_waits_for_a_scheduler_that_does_not_take_it) {
  stuck_runtime stuck;
  for (int i = 0; i < 1000; ++i) stuck.get().spawn([] {});
  for (int i = 0; i < 10; ++i) stuck.get().spawn({.scheduler = 0}, [] {});
  const runtime_statistics seen = stuck.get().statistics();
  EXPECT_EQ(seen.injected, 1000u);
  EXPECT_EQ(seen.ready, 1010u);
  EXPECT_EQ(seen.schedulers.at(0).ready, 10u);
  const std::string text = stuck.get().dump();
  EXPECT_TRUE(has(text, "1000 made ready from outside that no scheduler has taken yet")) << text.substr(0, 1000);
  EXPECT_TRUE(has(text, "; 10 ready")) << text.substr(0, 1000);
  EXPECT_TRUE(has(stuck.get().dump(dump_format::json), "\"injected\":1000,"));
  stop_spinning = true;
  until_outside([&] { return stuck.get().statistics().processes == 0; });
  EXPECT_EQ(stuck.get().statistics().ready, 0u);
}

std::atomic<int> received{0};

void count_numbers() {
  for (;;) {
    receive<number>();
    ++received;
  }
}

// It used to look for what came from outside once in 64 turns of its own, each of which left a mark in its ring.
TEST(looking_in, finds_a_lone_scheduler_that_was_woken_with_few_turns_and_its_events_kept) {
  constexpr int rounds = 20;
  received = 0;
  runtime rt(small(1));
  const pid counter = rt.spawn(count_numbers);
  const auto sleeps = [&] { return has(rt.dump(), ": sleeps;"); };
  until_outside(sleeps);
  const scheduler_statistics before = rt.statistics().schedulers.at(0);
  for (int i = 1; i <= rounds; ++i) {
    rt.send(counter, number{i});
    until_outside([&] { return received == i; });
    until_outside(sleeps);
  }
  const scheduler_statistics after = rt.statistics().schedulers.at(0);
  EXPECT_GT(after.sleeps, before.sleeps);
  EXPECT_LE(after.turns - before.turns, 10u * rounds);
  EXPECT_GE(count_of(rt.dump(), "\n  run " + to_string(counter)), 5u) << rt.dump();
}

}  // namespace
}  // namespace mote::test
