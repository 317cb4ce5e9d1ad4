// <mote/observe.hpp>: counters that are kept anyway, each by its scheduler, summed up when somebody asks.
#include "runtime/observe/statistics.hpp"

#include "runtime/process/outside.hpp"

#include <mote/runtime.hpp>

namespace mote::detail {

scheduler_statistics statistics_of(const scheduler& one, const station& place) noexcept {
  const scheduler_counts& counts = one.counts();
  return {one.dispatches(), counts.woken,    counts.shares,
          counts.steals,    counts.migrations, counts.raids,
          counts.handoffs,  one.queued() + place.ring.size() + place.remote_count.load(relaxed), place.timers.size()};
}

std::size_t threads_in_use(const runtime& home) noexcept {
  const std::size_t all = home.schedulers.threads().in_use();
  const std::size_t own = home.schedulers.size();
  return all > own ? all - own : 0;
}

process_counts counts_of(const runtime& home) noexcept {
  const auto core_at = [&home](std::size_t i) -> const core& { return static_cast<const core&>(home.schedulers[i]); };
  process_counts sum;
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) sum.ended += core_at(i).ended;  // first: nobody ends that has not begun
  sum.spawned = home.started_outside.load(relaxed);
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) sum.spawned += core_at(i).started;
  return sum;
}

namespace {

runtime_statistics sum_over(const runtime& home) {
  runtime_statistics sum;
  sum.schedulers.reserve(home.schedulers.size());
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) {
    sum.schedulers.push_back(statistics_of(home.schedulers[i], home.schedulers.place(i)));
    sum.ready += sum.schedulers.back().ready;
    sum.timers += sum.schedulers.back().timers;
  }
  sum.injected = home.schedulers.injected().size_approx();
  sum.ready += sum.injected;
  const process_counts processes = counts_of(home);
  sum.spawned = processes.spawned;
  sum.ended = processes.ended;
  sum.processes = static_cast<std::size_t>(processes.present());
  sum.threads = threads_in_use(home);
  sum.threads_lacked = home.schedulers.threads_lacked();
  sum.abandoned = home.abandoned.load(relaxed);
  sum.process_bytes = home.table.carved() * sizeof(process);
  const stack_usage stacks = home.stacks.usage();
  sum.stacks = stacks.carved - stacks.idle;
  sum.stack_address_bytes = stacks.accessible_bytes;
  return sum;
}

}  // namespace

}  // namespace mote::detail

namespace mote {

runtime_statistics statistics() {
  const detail::entry door("mote::statistics");
  return detail::sum_over(door.home());
}

runtime_statistics runtime_handle::statistics() const {
  const detail::errno_kept same;
  const auto there = detail::visit::to(way_.place(), "mote::runtime_handle::statistics");
  return there ? detail::sum_over(there.home()) : runtime_statistics();
}

}  // namespace mote
