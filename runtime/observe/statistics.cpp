// <mote/observe.hpp>: counters that are kept anyway, each by its scheduler, summed up when somebody asks.
#include "runtime/observe/statistics.hpp"

#include "runtime/process/core.hpp"

namespace mote::detail {

scheduler_statistics statistics_of(const scheduler& one, const station& place) noexcept {
  const scheduler_counts& counts = one.counts();
  return {one.dispatches(), counts.woken,    counts.shares,
          counts.steals,    counts.migrations, counts.raids,
          counts.handoffs,  one.queued() + place.ring.size(), place.timers.size()};
}

namespace {

runtime_statistics sum_over(const runtime& home) {
  runtime_statistics sum;
  sum.schedulers.reserve(home.schedulers.size());
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) {
    const auto& one = static_cast<const core&>(home.schedulers[i]);
    sum.ended += one.ended;  // before the spawns: so no process has ended without having begun
    sum.schedulers.push_back(statistics_of(one, home.schedulers.place(i)));
    sum.ready += sum.schedulers.back().ready;
    sum.timers += sum.schedulers.back().timers;
  }
  sum.spawned = home.started_outside.load(relaxed);
  for (std::size_t i = 0; i < home.schedulers.size(); ++i) {
    sum.spawned += static_cast<const core&>(home.schedulers[i]).started;
  }
  sum.processes = static_cast<std::size_t>(sum.spawned - sum.ended);
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

}  // namespace mote
