// Labels: netpoll.hpp (N, O).
#include "runtime/io/netpoll.hpp"

#include "runtime/process/core.hpp"
#include "scheduler/group.hpp"

#include <algorithm>

namespace mote::detail {

namespace {

constexpr std::uint64_t short_wait_ns = 50'000;     // about what it costs to sleep and to be woken on another core
constexpr std::uint32_t most_skipped = 1023;        // waits without a look, after many looks in vain
constexpr std::uint64_t most_absence_ns = 1'000'000;  // of the office's holder, before the deputy looks after it

// A process is woken as a timer wakes it: it looks itself at what has happened.
void wake_process(core& here, std::uint64_t key) noexcept {
  process* const waiter = key != 0 ? here.home.table.find(key) : nullptr;
  if (waiter == nullptr || waiter->mail.nudge() != pushed::woke_linked) return;
  tsan_release(waiter);
  here.enqueue(*waiter);
}

io_event meaning_of(std::uint32_t events) noexcept {
  const bool over = (events & (EPOLLERR | EPOLLHUP)) != 0;
  return {(events & (EPOLLIN | EPOLLRDHUP | EPOLLPRI)) != 0 || over, (events & EPOLLOUT) != 0 || over,
          (events & (EPOLLRDHUP | EPOLLPRI)) != 0 || over};
}

}  // namespace

void deliver(core& here, io_entry& entry, std::uint32_t generation, io_event event) noexcept {
  const io_waiters woken = entry.state.deliver(generation, event);
  for (const std::uint64_t key : woken.keys) wake_process(here, key);
}

int netpoll::add(io_entry& entry) noexcept {
  if (!in_use_.load(relaxed)) start_using();
  return queue_.add(entry.descriptor, entry.name(), entry.room_told);
}

void netpoll::start_using() noexcept {  // N3
  if (in_use_.exchange(true, release)) return;  // O1
  for (std::size_t i = 0; i < schedulers_.size(); ++i) schedulers_.wake(i);
}

std::unique_ptr<event_source> netpoll::make_source() { return std::make_unique<netpoll_source>(*this); }

bool netpoll::take_office() noexcept {
  if (office_taken_.load(relaxed) || office_taken_.exchange(true, acquire)) return false;  // O3
  if (alarm_set_.load(relaxed) && alarm_set_.exchange(false, relaxed)) clock_.set(0);
  return true;
}

// N4. An alarm that is set while another takes the office already wakes the deputy for nothing.
void netpoll::leave_office() noexcept {
  office_taken_.store(false, release);  // O3
  fence(seq_cst);  // O2
  if (!deputy_taken_.load(relaxed)) return;
  alarm_set_.store(true, relaxed);
  clock_.set(most_absence_ns);
}

bool netpoll::office_is_free() const noexcept {
  fence(seq_cst);  // O2
  return !office_taken_.load(relaxed);
}

void netpoll_source::wake() noexcept {  // N2
  const permit::word where = parker_.unpark();
  if (where == in_queue) shared_.queue_.ring();
  if (where == as_deputy) shared_.clock_.ring();
}

void netpoll_source::wait(std::uint64_t timeout_ns) noexcept {
  if (!shared_.in_use()) {  // N3
    static_cast<void>(parker_.park(timeout_ns));
  } else if (shared_.take_office()) {  // N1
    wait_in_queue(timeout_ns);
  } else if (shared_.take_deputy()) {  // N4
    wait_as_deputy(timeout_ns);
  } else {
    static_cast<void>(parker_.park(timeout_ns));
  }
}

// N5. True: there are events, or a permit.
bool netpoll_source::look_awhile(core& here, std::uint64_t end_ns) noexcept {
  if (!events_soon_) return false;
  if (waits_to_skip_ != 0) {
    --waits_to_skip_;
    return false;
  }
  do {
    count_ = shared_.queue_.wait(events_.data(), events_.size(), 0);
    if (count_ != 0) skipped_at_once_ = 0;
    if (count_ != 0 || parker_.has_permit()) return true;
  } while (here.now_ns() < end_ns);
  skipped_at_once_ = std::min(2 * skipped_at_once_ + 1, most_skipped);
  waits_to_skip_ = skipped_at_once_;
  return false;
}

void netpoll_source::wait_in_queue(std::uint64_t timeout_ns) noexcept {
  core& here = *current_core();
  const std::uint64_t begun_ns = here.now_ns();
  if (!look_awhile(here, begun_ns + std::min(timeout_ns, short_wait_ns)) && !parker_.go_away(in_queue)) {
    count_ = shared_.queue_.wait(events_.data(), events_.size(), timeout_ns);
    parker_.come_back();
    events_soon_ = count_ != 0 && shared_.peers_have_cores_ && here.now_ns() - begun_ns < short_wait_ns;
  }
  shared_.leave_office();
}

void netpoll_source::wait_as_deputy(std::uint64_t timeout_ns) noexcept {
  if (!shared_.office_is_free() && !parker_.go_away(as_deputy)) {
    shared_.clock_.sleep(timeout_ns);
    parker_.come_back();
  }
  shared_.leave_deputy();
}

void netpoll_source::poll() noexcept {
  if (count_ == 0) {
    if (!shared_.in_use()) return;
    count_ = shared_.queue_.wait(events_.data(), events_.size(), 0);
  }
  core& here = *current_core();
  const std::size_t taken = std::exchange(count_, 0);
  for (std::size_t i = 0; i < taken; ++i) {
    const std::uint64_t name = events_[i].data.u64;
    deliver(here, shared_.table_.at(static_cast<std::uint32_t>(name)), static_cast<std::uint32_t>(name >> 32),
            meaning_of(events_[i].events));
  }
}

}  // namespace mote::detail
