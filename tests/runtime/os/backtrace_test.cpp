// runtime/os/backtrace.hpp: walks of the caller's own stack, of one that a signal interrupted, and of what is no stack.
#include "runtime/os/backtrace.hpp"

#include "runtime/os/symbols.hpp"

#include <gtest/gtest.h>

#include <alloca.h>
#include <pthread.h>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace mote::detail {
namespace {

constexpr std::size_t most = 64;

struct walk {
  const void* frames[most];
  std::size_t count = 0;
};
walk seen;

stack_range own_stack() {
  pthread_attr_t attributes;
  void* low = nullptr;
  std::size_t bytes = 0;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &low, &bytes);
  pthread_attr_destroy(&attributes);
  const auto* const begin = static_cast<const std::byte*>(low);
  return {begin, begin + bytes};
}
stack_range range;
bool only_where = false;  // whether the walk is told the stack and the code, as one that waits in a system call tells them

__attribute__((noinline)) void look_here() {
  frame_registers from = registers_here();
  for (unsigned i = 0; only_where && i < frame_registers::count; ++i) {
    if (i != frame_registers::stack && i != frame_registers::code) from.value[i] = 0;
  }
  seen.count = backtrace_of(from, range, seen.frames, most);
  __asm__ volatile("" ::: "memory");
}

std::vector<std::string> names() {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < seen.count; ++i) found.push_back(function_at(seen.frames[i]));
  return found;
}

bool in_order(const std::vector<std::string>& found, std::initializer_list<const char*> wanted) {
  auto at = found.begin();
  for (const char* one : wanted) {
    while (at != found.end() && at->find(one) == std::string::npos) ++at;
    if (at == found.end()) return false;
  }
  return true;
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& one : all) text += one + "\n";
  return text;
}

__attribute__((noinline)) int deepest(int n) {
  look_here();
  __asm__ volatile("" ::: "memory");
  return n + 1;
}
__attribute__((noinline)) int with_room(int n) {  // a frame of unknown size, so one with a base register
  auto* const room = static_cast<volatile char*>(alloca(static_cast<std::size_t>(n) * 16));
  room[0] = 1;
  const int result = deepest(n);
  return result + room[0];
}
struct alignas(64) wide {
  volatile char bytes[64];
};
__attribute__((noinline)) int realigned(int n) {
  wide room;
  room.bytes[0] = 2;
  const int result = with_room(n);
  return result + room.bytes[0];
}

TEST(backtrace, names_the_callers_in_their_order) {
  range = own_stack();
  seen = {};
  realigned(3);
  EXPECT_TRUE(in_order(names(), {"look_here", "deepest", "with_room", "realigned", "main"})) << joined(names());
}

TEST(backtrace, finds_frames_whose_pointer_it_is_not_told) {
  range = own_stack();
  seen = {};
  only_where = true;
  realigned(3);
  only_where = false;
  EXPECT_TRUE(in_order(names(), {"look_here", "deepest", "with_room", "realigned", "main"})) << joined(names());
}

void interrupted_here(int, siginfo_t*, void* state) { seen.count = backtrace_of(registers_of(state), range, seen.frames, most); }

__attribute__((noinline)) void raises() {
  ::pthread_kill(::pthread_self(), SIGUSR1);
  __asm__ volatile("" ::: "memory");
}

TEST(backtrace, begins_where_a_signal_interrupted) {
  range = own_stack();
  seen = {};
  struct sigaction ours {}, before {};
  ours.sa_sigaction = &interrupted_here;
  ours.sa_flags = SA_SIGINFO;
  ::sigaction(SIGUSR1, &ours, &before);
  raises();
  ::sigaction(SIGUSR1, &before, nullptr);
  EXPECT_TRUE(in_order(names(), {"raises", "begins_where_a_signal_interrupted", "main"})) << joined(names());
  EXPECT_EQ(joined(names()).find("interrupted_here"), std::string::npos);
}

TEST(backtrace, ends_at_the_limit_it_was_given) {
  range = own_stack();
  const void* two[2];
  EXPECT_EQ(backtrace_of(registers_here(), range, two, 2), 2u);
  EXPECT_EQ(backtrace_of(registers_here(), range, two, 0), 0u);
}

TEST(backtrace, does_not_leave_the_stack_that_it_was_given) {
  const stack_range all = own_stack();
  const auto* const here = static_cast<const std::byte*>(__builtin_frame_address(0));
  const void* frames[most];
  EXPECT_EQ(backtrace_of(registers_here(), {all.low, all.low + 16}, frames, most), 1u);
  EXPECT_LT(backtrace_of(registers_here(), {here - 4096, here + 64}, frames, most), 4u);
}

TEST(backtrace, of_no_code_is_short) {
  frame_registers nowhere = registers_here();
  nowhere.value[frame_registers::code] = 64;
  const void* frames[most];
  EXPECT_EQ(backtrace_of(nowhere, own_stack(), frames, most), 1u);
  EXPECT_EQ(backtrace_of({}, own_stack(), frames, most), 0u);
}

// Registers of which only the code is known, as a thread in a call of the system is told of.
TEST(backtrace, at_the_ends_of_the_address_space_reads_nothing) {
  range = own_stack();
  seen = {};
  realigned(3);
  const void* frames[most];
  for (std::size_t i = 0; i < seen.count; ++i) {
    for (std::int64_t base = -256; base <= 256; base += 8) {
      frame_registers from{};
      from.value[frame_registers::code] = reinterpret_cast<std::uint64_t>(seen.frames[i]);
      from.value[frame_registers::stack] = from.value[frame_registers::frame] = static_cast<std::uint64_t>(base);
      EXPECT_EQ(backtrace_of(from, range, frames, most), 1u) << function_at(seen.frames[i]) << " " << base;
    }
  }
}

// Whatever lies on a stack, a walk reads nothing outside of it, and ends.
TEST(backtrace, of_garbage_ends) {
  std::vector<std::uint64_t> garbage(512);
  frame_registers from = registers_here();
  std::uint64_t random = 88172645463325252u;
  const void* frames[most];
  std::size_t longest = 0;
  for (int round = 0; round < 2000; ++round) {
    for (auto& word : garbage) {
      random ^= random << 13, random ^= random >> 7, random ^= random << 17;
      word = random % 3 == 0 ? from.value[frame_registers::code] : random % 3 == 1 ? reinterpret_cast<std::uint64_t>(&word) : random;
    }
    from.value[frame_registers::stack] = reinterpret_cast<std::uint64_t>(garbage.data());
    from.value[frame_registers::frame] = reinterpret_cast<std::uint64_t>(garbage.data() + round % 64);
    const auto* const low = reinterpret_cast<const std::byte*>(garbage.data());
    longest = std::max(longest, backtrace_of(from, {low, low + garbage.size() * 8}, frames, most));
  }
  EXPECT_GE(longest, 2u);
  EXPECT_LE(longest, most);
}

}  // namespace
}  // namespace mote::detail
