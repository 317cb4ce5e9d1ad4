#include "runtime/os/alarm_clock.hpp"

#include "runtime/os/futex.hpp"
#include "runtime/os/system_refusal.hpp"

#include <poll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace mote::detail {

namespace {

timespec to_timespec(std::uint64_t ns) noexcept {
  return {static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
}

}  // namespace

alarm_clock::alarm_clock()
    : bell_("mote: the runtime's alarm clock"), clock_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (clock_ < 0) throw system_refusal(errno, "mote: the runtime's alarm clock");
}

alarm_clock::~alarm_clock() { ::close(clock_); }

void alarm_clock::sleep(std::uint64_t timeout_ns) noexcept {
  std::array<pollfd, 2> both{pollfd{bell_.descriptor(), POLLIN, 0}, pollfd{clock_, POLLIN, 0}};
  const timespec limit = to_timespec(timeout_ns);
  static_cast<void>(ppoll(both.data(), both.size(), timeout_ns == no_timeout ? nullptr : &limit, nullptr));
  for (const pollfd& one : both) {
    std::uint64_t times = 0;
    if (one.revents != 0) static_cast<void>(!::read(one.fd, &times, sizeof times));
  }
}

void alarm_clock::ring() noexcept { bell_.ring(); }

void alarm_clock::set(std::uint64_t in_ns) noexcept {
  const itimerspec when{{0, 0}, to_timespec(in_ns)};
  static_cast<void>(timerfd_settime(clock_, 0, &when, nullptr));
}

}  // namespace mote::detail
