#include "runtime/os/alarm_clock.hpp"

#include "runtime/os/futex.hpp"
#include "runtime/os/system_refusal.hpp"

#include <poll.h>
#include <sys/eventfd.h>
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
    : bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)), clock_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (bell_ >= 0 && clock_ >= 0) return;
  const int error = errno;
  if (bell_ >= 0) ::close(bell_);
  throw system_refusal(error, "mote: the runtime's alarm clock");
}

alarm_clock::~alarm_clock() {
  ::close(bell_);
  ::close(clock_);
}

void alarm_clock::sleep(std::uint64_t timeout_ns) noexcept {
  std::array<pollfd, 2> both{pollfd{bell_, POLLIN, 0}, pollfd{clock_, POLLIN, 0}};
  const timespec limit = to_timespec(timeout_ns);
  static_cast<void>(ppoll(both.data(), both.size(), timeout_ns == no_timeout ? nullptr : &limit, nullptr));
  for (const pollfd& one : both) {
    std::uint64_t times = 0;
    if (one.revents != 0) static_cast<void>(!::read(one.fd, &times, sizeof times));
  }
}

void alarm_clock::ring() noexcept {
  const std::uint64_t once = 1;
  static_cast<void>(!::write(bell_, &once, sizeof once));  // EAGAIN: it rings already
}

void alarm_clock::set(std::uint64_t in_ns) noexcept {
  const itimerspec when{{0, 0}, to_timespec(in_ns)};
  static_cast<void>(timerfd_settime(clock_, 0, &when, nullptr));
}

}  // namespace mote::detail
