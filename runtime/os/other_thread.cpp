#include "runtime/os/other_thread.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <ctime>

namespace mote::detail {

std::uint64_t thread_cpu_ns(int thread) noexcept {
  const auto clock = static_cast<clockid_t>(~static_cast<unsigned>(thread) << 3 | 6);  // as pthread_getcpuclockid makes it
  timespec seen{};
  if (::clock_gettime(clock, &seen) != 0) return 0;
  return static_cast<std::uint64_t>(seen.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(seen.tv_nsec);
}

namespace {

/// A file of /proc about a thread, as much of it as is wanted; empty when it cannot be read.
struct told {
  char text[256] = {};

  told(int thread, const char* file) noexcept {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/%s", thread, file);
    const int opened = ::open(path, O_RDONLY | O_CLOEXEC);
    if (opened < 0) return;
    const ssize_t bytes = ::read(opened, text, sizeof text - 1);
    ::close(opened);
    text[bytes > 0 ? bytes : 0] = '\0';
  }
};

}  // namespace

// "tid (name) S ...", where the name may hold anything.
bool thread_waits(int thread) noexcept {
  const told state(thread, "stat");
  const char* const name_end = std::strrchr(state.text, ')');
  return name_end != nullptr && name_end[1] == ' ' && (name_end[2] == 'S' || name_end[2] == 'D');
}

// "number and six arguments, stack pointer, address of code", or "running".
std::optional<frame_registers> registers_in_call(int thread) noexcept {
  const told call(thread, "syscall");
  long number = 0;
  unsigned long arguments[6], stack = 0, code = 0;
  const int fields = std::sscanf(call.text, "%ld %lx %lx %lx %lx %lx %lx %lx %lx", &number, &arguments[0], &arguments[1], &arguments[2],
                                 &arguments[3], &arguments[4], &arguments[5], &stack, &code);
  if (fields != 9) return std::nullopt;
  frame_registers told_of;
  told_of.value[frame_registers::stack] = stack;
  told_of.value[frame_registers::code] = code;
  return told_of;
}

}  // namespace mote::detail
