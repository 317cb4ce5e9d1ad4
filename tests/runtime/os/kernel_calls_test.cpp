// The thin wrappers of system calls: each does what its header says on the kernel at hand.
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <thread>

#include "runtime/base/atomic.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/cores.hpp"
#include "runtime/os/membarrier.hpp"
#include "runtime/os/packet_socket.hpp"
#include "runtime/os/probe.hpp"
#include "runtime/os/random_seed.hpp"
#include "runtime/os/signal_stack.hpp"
#include "runtime/os/this_thread.hpp"

namespace mote::detail {
namespace {

// Close in time where both threads run, and no hour of spinning where they share one processor.
void wait_for(const atomic<int>& counter, int value) {
  for (int spins = 0; counter.load(acquire) < value; ++spins) {
    if (spins < 1000) {
      spin_pause();
    } else {
      std::this_thread::yield();
    }
  }
}

// The store-load race (Dekker): without a barrier on both sides, both may read 0. One side has a compiler fence only.
TEST(membarrier, orders_the_other_thread_which_has_a_compiler_fence_only) {
  if (!membarrier_available()) GTEST_SKIP() << "this kernel has no membarrier";
  constexpr int rounds = 5000;
  struct alignas(64) flag {
    atomic<int> raised{0};
  };
  std::array<flag, 2> flags;
  atomic<int> start{0}, done{0};
  int seen_by_other = 0;
  std::thread other([&] {
    for (int round = 1; round <= rounds; ++round) {
      wait_for(start, round);
      flags[1].raised.store(1, relaxed);
      compiler_fence();
      seen_by_other = flags[0].raised.load(relaxed);
      done.store(round, release);
    }
  });
  int both_missed = 0;
  for (int round = 1; round <= rounds; ++round) {
    for (flag& each : flags) each.raised.store(0, relaxed);
    start.store(round, release);
    for (int spin = 0; spin < round % 64; ++spin) compiler_fence();  // meet the other at different points
    flags[0].raised.store(1, relaxed);
    membarrier_all();
    const int seen = flags[1].raised.load(relaxed);
    wait_for(done, round);
    both_missed += seen == 0 && seen_by_other == 0;
  }
  other.join();
  EXPECT_EQ(both_missed, 0);
}

TEST(clock, never_goes_back) {
  std::uint64_t before = monotonic_ns();
  EXPECT_GT(before, 0U);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t now = monotonic_ns();
    ASSERT_GE(now, before);
    before = now;
  }
}

TEST(random_seed, differs_each_time) {
  std::set<std::uint64_t> seeds;
  for (int i = 0; i < 100; ++i) seeds.insert(random_seed());
  EXPECT_EQ(seeds.size(), 100U);
}

TEST(this_thread, takes_a_name_cut_to_what_linux_keeps) {
  std::thread([] {
    EXPECT_FALSE(name_this_thread("scheduler 1 of many"));
    std::array<char, 16> name{};
    ASSERT_EQ(pthread_getname_np(pthread_self(), name.data(), name.size()), 0);
    EXPECT_STREQ(name.data(), "scheduler 1 of ");
  }).join();
}

TEST(this_thread, is_bound_to_one_processor) {
  const int cpu = usable_cpu_ids().back();
  std::thread([cpu] {
    EXPECT_FALSE(bind_to_cpu(cpu));
    EXPECT_EQ(usable_cpu_ids(), std::vector<int>{cpu});
    EXPECT_EQ(sched_getcpu(), cpu);
  }).join();
}

TEST(this_thread, a_refusal_names_what_was_refused) {
  const std::optional<refusal> negative = bind_to_cpu(-1);
  ASSERT_TRUE(negative);
  EXPECT_EQ(negative->error, EINVAL);
  const std::optional<refusal> absent = bind_to_cpu(1'000'000);
  ASSERT_TRUE(absent);
  EXPECT_EQ(absent->text, "binding a thread to processor 1000000: Invalid argument");
}

stack_t stack_in_use() {
  stack_t now{};
  EXPECT_EQ(sigaltstack(nullptr, &now), 0);
  return now;
}

volatile int flags_in_handler;  // set by the handler, read by the thread that raised the signal

void remember_flags(int) {
  stack_t now{};
  sigaltstack(nullptr, &now);
  flags_in_handler = now.ss_flags;
}

TEST(packet_socket, gives_what_was_sent_although_its_sender_closed_with_something_unread) {
  packet_pair ends = make_packet_pair();
  const std::array<std::byte, 1> word{std::byte{7}}, unread{std::byte{8}};
  ASSERT_EQ(send_packet(ends.near.get(), unread).error, 0);
  ASSERT_EQ(send_packet(ends.far.get(), word).error, 0);
  ends.far.close();
  std::array<std::byte, 8> got{};
  const packet_result first = receive_packet(ends.near.get(), got, {});
  EXPECT_EQ(first.error, 0);
  EXPECT_EQ(first.bytes, 1u);
  EXPECT_EQ(got[0], word[0]);
  const packet_result second = receive_packet(ends.near.get(), got, {});
  EXPECT_EQ(second.error, 0);
  EXPECT_EQ(second.bytes, 0u);
}

TEST(signal_stack, carries_handlers_and_restores_what_was_there) {
  struct sigaction action = {}, before = {};
  action.sa_handler = remember_flags;
  action.sa_flags = SA_ONSTACK;
  ASSERT_EQ(sigaction(SIGUSR2, &action, &before), 0);
  std::thread([] {
    const stack_t first = stack_in_use();
    {
      const signal_stack outer;
      const stack_t outside = stack_in_use();
      EXPECT_GE(outside.ss_size, least_signal_stack_bytes() + 64 * 1024);
      {
        const signal_stack inner;
        EXPECT_NE(stack_in_use().ss_sp, outside.ss_sp);
      }
      EXPECT_EQ(stack_in_use().ss_sp, outside.ss_sp);
      EXPECT_EQ(stack_in_use().ss_flags, 0);
      ASSERT_EQ(raise(SIGUSR2), 0);
      EXPECT_EQ(flags_in_handler, SS_ONSTACK);
    }
    EXPECT_EQ(stack_in_use().ss_flags, first.ss_flags);
    EXPECT_EQ(stack_in_use().ss_sp, first.ss_sp);
  }).join();
  EXPECT_EQ(sigaction(SIGUSR2, &before, nullptr), 0);
}

TEST(probe, finds_the_same_as_the_single_functions_and_only_once) {
  const environment& found = probed_environment();
  EXPECT_EQ(&found, &probed_environment());
  EXPECT_EQ(found.cores, usable_cores());
  EXPECT_EQ(found.membarrier, membarrier_available());
  EXPECT_GE(found.page_bytes, 4096U);
  EXPECT_EQ(found.least_signal_stack_bytes, least_signal_stack_bytes());
  EXPECT_FALSE(found.kernel_release.empty());
}

TEST(probe, describes_each_fact_on_a_line_of_its_own) {
  environment found;
  found.kernel_release = "6.13.0";
  found.cores = 2;
  found.affinity_cores = 8;
  found.quota_cores = 2;
  found.open_files = 1024;
  found.allocator = "mimalloc";
  const std::string text = describe(found);
  for (const char* line :
       {"kernel: 6.13.0\n", "cores: 2 (affinity 8, quota 2)\n", "guard advice: no\n", "open files: 1024\n",
        "address space bytes: unlimited\n", "max map count: unknown\n", "allocator: mimalloc\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  }
}

}  // namespace
}  // namespace mote::detail
