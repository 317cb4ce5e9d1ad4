// The two futex calls, which glibc has no wrappers for.
#include "runtime/os/futex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>

#include "runtime/base/check.hpp"

namespace mote::detail {
namespace {

static_assert(sizeof(atomic<std::uint32_t>) == 4, "the kernel reads the word where it lies");

timespec to_timespec(std::uint64_t ns) noexcept {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

bool futex_wait(const atomic<std::uint32_t>& word, std::uint32_t expected, std::uint64_t timeout_ns) noexcept {
  const timespec limit = to_timespec(timeout_ns);
  const timespec* const timeout = timeout_ns == no_timeout ? nullptr : &limit;
  if (syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, timeout, nullptr, 0) == 0) return true;
  MOTE_CHECK(errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT);
  return errno != ETIMEDOUT;
}

void futex_wake_one(const atomic<std::uint32_t>& word) noexcept {
  MOTE_CHECK(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0) >= 0);
}

}  // namespace mote::detail
