// The bell is level-triggered: a look by another thread, which leaves it ringing, cannot take it from the one that waits,
// who alone silences it.
#include "runtime/os/event_queue.hpp"

#include "runtime/base/check.hpp"
#include "runtime/os/futex.hpp"
#include "runtime/os/system_refusal.hpp"

#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace mote::detail {

namespace {

constexpr std::uint64_t bell_name = ~std::uint64_t{0};
constexpr std::uint32_t edges = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;

// epoll_pwait2 came with Linux 5.11; before, milliseconds are all there is, rounded up so that no timer is looked at early.
int wait_ns(int queue, epoll_event* out, int most, std::uint64_t timeout_ns) noexcept {
  if (timeout_ns == 0) return epoll_wait(queue, out, most, 0);
  if (timeout_ns == no_timeout) return epoll_wait(queue, out, most, -1);
#ifdef SYS_epoll_pwait2
  static std::atomic<bool> refused{false};
  if (!refused.load(relaxed)) {
    const timespec limit{static_cast<time_t>(timeout_ns / 1'000'000'000), static_cast<long>(timeout_ns % 1'000'000'000)};
    const auto count = syscall(SYS_epoll_pwait2, queue, out, most, &limit, nullptr, std::size_t{0});
    if (count >= 0 || (errno != ENOSYS && errno != EPERM)) return static_cast<int>(count);
    refused.store(true, relaxed);
  }
#endif
  return epoll_wait(queue, out, most, static_cast<int>(std::min<std::uint64_t>((timeout_ns + 999'999) / 1'000'000, 1u << 30)));
}

}  // namespace

event_queue::event_queue() : queue_(epoll_create1(EPOLL_CLOEXEC)), bell_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.u64 = bell_name;
  if (queue_ >= 0 && bell_ >= 0 && epoll_ctl(queue_, EPOLL_CTL_ADD, bell_, &wanted) == 0) return;
  const int error = errno;
  if (queue_ >= 0) ::close(queue_);
  if (bell_ >= 0) ::close(bell_);
  throw system_refusal(error, "mote: the runtime's event queue");
}

event_queue::~event_queue() {
  ::close(queue_);
  ::close(bell_);
}

int event_queue::change(int how, int descriptor, std::uint64_t name, bool room) noexcept {
  epoll_event wanted{};
  wanted.events = room ? edges | EPOLLOUT : edges;
  wanted.data.u64 = name;
  return epoll_ctl(queue_, how, descriptor, &wanted) == 0 ? 0 : errno;
}

int event_queue::add(int descriptor, std::uint64_t name, bool room) noexcept {
  return change(EPOLL_CTL_ADD, descriptor, name, room);
}

int event_queue::renew(int descriptor, std::uint64_t name, bool room) noexcept {
  return change(EPOLL_CTL_MOD, descriptor, name, room);
}

void event_queue::remove(int descriptor) noexcept { static_cast<void>(change(EPOLL_CTL_DEL, descriptor, 0, false)); }

std::size_t event_queue::wait(epoll_event* out, std::size_t most, std::uint64_t timeout_ns) noexcept {
  const int count = wait_ns(queue_, out, static_cast<int>(most), timeout_ns);
  if (count < 0) {
    MOTE_CHECK(errno == EINTR);
    return 0;
  }
  return without_bell(out, static_cast<std::size_t>(count), timeout_ns != 0);
}

std::size_t event_queue::without_bell(epoll_event* events, std::size_t count, bool waited) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (events[i].data.u64 != bell_name) continue;
    std::uint64_t rung = 0;
    if (waited) static_cast<void>(!::read(bell_, &rung, sizeof rung));
    events[i] = events[count - 1];
    return count - 1;
  }
  return count;
}

void event_queue::ring() noexcept {
  const std::uint64_t once = 1;
  static_cast<void>(!::write(bell_, &once, sizeof once));  // EAGAIN: it rings already
}

}  // namespace mote::detail
