// The locks that a thread holds are found wherever they lie, and those of other threads are not.
#include "runtime/os/locks_left.hpp"
#include "tests/sanitizers.hpp"

#include <gtest/gtest.h>

#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace {

using mote::detail::lock_holder;
using mote::detail::lock_state;
using mote::detail::locks_held;
using mote::detail::state_of_lock;

std::mutex in_the_program;

std::size_t held() { return locks_held(lock_holder::here(), {}).value().size(); }

TEST(locks_held, finds_mutexes_of_every_kind_wherever_they_lie) {
  const std::size_t before = held();
  const auto on_the_heap = std::make_unique<std::recursive_mutex>();
  std::timed_mutex on_the_stack;
  {
    const std::scoped_lock hold(in_the_program, *on_the_heap, on_the_stack);
    EXPECT_EQ(held(), before + 3);
  }
  EXPECT_EQ(held(), before);
}

TEST(locks_held, finds_a_lock_held_for_writing) {
  static std::shared_mutex lock;
  const std::size_t before = held();
  const std::lock_guard hold(lock);
  EXPECT_EQ(held(), before + 1);
}

TEST(locks_held, finds_a_files_lock) {
  const std::size_t before = held();
  flockfile(stdin);
  EXPECT_EQ(held(), before + 1);
  funlockfile(stdin);
  EXPECT_EQ(held(), before);
}

// Waits for the lock on another thread, until it has it.
template <class Lock, class Take>
void expect_wanted_while_another_waits(Lock& lock, Take take) {
  const lock_holder self = lock_holder::here();
  const auto* const at = reinterpret_cast<const std::byte*>(&lock);
  EXPECT_EQ(state_of_lock(at, self), lock_state::not_held);
  lock.lock();
  EXPECT_EQ(state_of_lock(at, self), lock_state::held);
  std::thread other([&] { take(lock); });
  while (state_of_lock(at, self) != lock_state::wanted) std::this_thread::yield();
  lock.unlock();
  other.join();
  EXPECT_EQ(state_of_lock(at, self), lock_state::not_held);
}

TEST(locks_held, tells_one_for_which_another_waits) {
  std::mutex plain;
  expect_wanted_while_another_waits(plain, [](std::mutex& lock) { const std::lock_guard hold(lock); });
  std::recursive_mutex again;
  expect_wanted_while_another_waits(again, [](std::recursive_mutex& lock) { const std::lock_guard hold(lock); });
  std::shared_mutex shared;
  expect_wanted_while_another_waits(shared, [](std::shared_mutex& lock) { const std::lock_guard hold(lock); });
  expect_wanted_while_another_waits(shared, [](std::shared_mutex& lock) { const std::shared_lock hold(lock); });
}

TEST(locks_held, of_memory_that_is_gone_is_none) {
  void* const page = ::mmap(nullptr, 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(page, MAP_FAILED);
  ::munmap(page, 1);
  EXPECT_EQ(state_of_lock(static_cast<const std::byte*>(page), lock_holder::here()), lock_state::not_held);
}

TEST(locks_held, leaves_other_threads_locks_alone) {
  const std::size_t before = held();
  const std::lock_guard hold(in_the_program);
  std::size_t seen_there = 1;
  std::thread([&] { seen_there = held(); }).join();
  EXPECT_EQ(seen_there, 0u);
  EXPECT_EQ(held(), before + 1);
}

// A look takes long under a sanitizer, whose own memory is looked through as well.
#if !defined(MOTE_UNDER_ASAN) && !defined(MOTE_UNDER_TSAN)
// What another thread's look has copied says that this one holds what it held then.
TEST(locks_held, takes_no_copies_of_another_look_for_locks) {
  const std::size_t before = held();
  std::vector<std::mutex> many(100'000);  // some chunks full of them
  std::atomic<std::uint32_t> begun{0}, ended{0};
  std::atomic<bool> enough{false};
  std::thread other([&] {
    while (!enough) {
      ++begun;
      held();
      ++ended;
    }
  });
  std::uint32_t beside = 0;
  for (int round = 0; round < 300; ++round) {
    for (std::mutex& each : many) each.lock();
    for (const std::uint32_t since = begun; begun == since;) std::this_thread::yield();
    for (std::mutex& each : many) each.unlock();
    const std::uint32_t since = ended;
    EXPECT_EQ(held(), before);
    beside += ended != since ? 1 : 0;
  }
  enough = true;
  other.join();
  EXPECT_GT(beside, 0u);
}
#endif

TEST(locks_held, leaves_out_what_it_is_told_to) {
  static std::mutex left_out;
  const std::size_t before = held();
  const std::lock_guard hold(left_out);
  EXPECT_TRUE(locks_held(lock_holder::here(), {reinterpret_cast<const std::byte*>(16), ~std::size_t{0} >> 2}).value().empty());
  EXPECT_EQ(held(), before + 1);
}

// A huge range that is nearly empty stays so, and costs little. Before Linux 6.7 it is looked at by 64 pages.
TEST(locks_held, does_not_touch_page_after_page_that_nobody_has_touched) {
  constexpr std::size_t bytes = std::size_t{1} << 36;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  void* const range = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(range, MAP_FAILED);
  ASSERT_EQ(::madvise(range, bytes, MADV_NOHUGEPAGE), 0);
  static_cast<volatile char*>(range)[100 * page] = 1;
  held();
  std::vector<unsigned char> resident(1000);
  ASSERT_EQ(::mincore(range, resident.size() * page, resident.data()), 0);
  EXPECT_LE(std::count_if(resident.begin(), resident.end(), [](unsigned char one) { return (one & 1) != 0; }), 64);
  ::munmap(range, bytes);
}

}  // namespace
