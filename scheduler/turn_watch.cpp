// T1  A process is taken from when it has run, outside of the runtime at the end, for the whole limit without a switch: looks
//     come twice in it, so that it is half as late at most. Who enters now and then but lets nobody run has its slice ended
//     before that, and so switches at its next call that may.
// T2  A scheduler whose turns are long looks at timers, descriptors and the injector after a time, not only after so many turns.
// T3  Nothing is taken from a process whose thread would run and gets no processor: on a machine that is busy with other things
//     that is no fault of its own, and another thread would fare no better.
#include "scheduler/turn_watch.hpp"

#include "runtime/os/clock.hpp"
#include "runtime/os/other_thread.hpp"
#include "runtime/os/this_thread.hpp"
#include "scheduler/group.hpp"

namespace mote::detail {

namespace {

constexpr unsigned looks_in_a_limit = 2;
constexpr unsigned quiet_looks = 4;  // that find all idle, before the nap: who is idle for shorter is not worth a wake-up

}  // namespace

void turn_watch::start(std::uint64_t limit_ns) {
  if (limit_ns == 0) return;
  limit_ns_ = limit_ns;
  turns_.resize(group_.size());
  thread_ = std::thread([this] { run(); });
}

void turn_watch::stop() noexcept {
  if (!thread_.joinable()) return;
  ending_.store(true, relaxed);
  static_cast<void>(parker_.unpark());
  thread_.join();
}

void turn_watch::wake() noexcept {
  if (nap_.end()) static_cast<void>(parker_.unpark());
}

bool turn_watch::all_idle() const noexcept { return group_.idle().all_parked(static_cast<unsigned>(group_.size())); }

void turn_watch::run() noexcept {
  static_cast<void>(name_this_thread("mote/watch"));
  for (unsigned quiet = 0; !ending_.load(relaxed);) {
    quiet = all_idle() ? quiet + 1 : 0;
    if (quiet >= quiet_looks && nap_.begin([this] { return all_idle(); })) {
      static_cast<void>(parker_.park());
      quiet = 0;
    }
    const std::uint64_t now = monotonic_ns();
    for (std::size_t i = 0; i < turns_.size(); ++i) look(i, now);
    static_cast<void>(parker_.park(limit_ns_ / looks_in_a_limit));
  }
}

// T1 T3
bool turn_watch::holds_on(const scheduler& seen, turn& last, std::uint64_t now) const noexcept {
  const std::uint64_t cpu_ns = thread_cpu_ns(seen.thread());
  if (last.cpu_ns == 0) last.cpu_ns = cpu_ns;
  if (now - last.since_ns < limit_ns_) return false;
  return cpu_ns - last.cpu_ns >= limit_ns_ / 4 || thread_waits(seen.thread());
}

void turn_watch::look(std::size_t index, std::uint64_t now) noexcept {
  scheduler& seen = group_[index];
  turn& last = turns_[index];
  const std::uint64_t dispatches = seen.dispatches();
  const bool stands = last.of == &seen && last.dispatches == dispatches;
  const bool is_slow = last.of == &seen && dispatches - last.dispatches < scheduler::service_interval;
  if (stands && seen.in_process()) {
    seen.ask_to_look();
    seen.cut_slice();
    if (!holds_on(seen, last, now)) return;
    group_.hand_off(index, dispatches, now - last.since_ns);
  } else if (is_slow && !group_.idle().is_parked(static_cast<unsigned>(index))) {
    seen.ask_to_look();  // T2
  }
  last = {&seen, dispatches, now};
}

}  // namespace mote::detail
