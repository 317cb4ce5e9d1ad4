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

// "tid (name) S ...", where the name may hold anything.
bool thread_waits(int thread) noexcept {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[256];
  const ssize_t bytes = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (bytes <= 0) return false;
  text[bytes] = '\0';
  const char* const name_end = std::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' && (name_end[2] == 'S' || name_end[2] == 'D');
}

}  // namespace mote::detail
