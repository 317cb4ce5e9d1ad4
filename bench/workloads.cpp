#include "bench/workloads.hpp"

#include <algorithm>
#include <array>
#include <thread>

namespace bench {

extern const workload spawn_exit, spawn_join_one, parked_memory_100k, parked_memory_1m, pingpong_same, pingpong_cross,
    yield, ring_503, ring_100k, fanin, fanin_bounded1024, skynet, big, timers, fairness, fairness_8_hogs, idle_cpu, wakeup_thread, call_reply,
    idle_servers_1m, echo_50conn, echo_1000conn, wakeup_latency, worker_roundtrip, worker_spawn,
    thread_spawn_join, thread_pingpong, thread_yield, fork_wait;

namespace {

constexpr std::array all = {
    &spawn_exit,
    &spawn_join_one,
    &parked_memory_100k,
    &parked_memory_1m,
    &pingpong_same,
    &pingpong_cross,
    &yield,
    &ring_503,
    &ring_100k,
    &fanin,
    &fanin_bounded1024,
    &skynet,
    &big,
    &timers,
    &fairness,
    &fairness_8_hogs,
    &idle_cpu,
    &wakeup_thread,
    &call_reply,
    &idle_servers_1m,
    &echo_50conn,
    &echo_1000conn,
    &wakeup_latency,
    &worker_roundtrip,
    &worker_spawn,
    &thread_spawn_join,
    &thread_pingpong,
    &thread_yield,
    &fork_wait,
};

}  // namespace

std::span<const workload* const> workloads() { return all; }

const workload* find_workload(std::string_view name) {
  const auto found = std::ranges::find(all, name, &workload::name);
  return found == all.end() ? nullptr : *found;
}

int run_here(const workload& chosen, unsigned schedulers, std::uint64_t count, bool quick,
             const std::function<void(const figure&)>& sink, const peer_system& peer) {
  if (count == 0) count = quick ? std::max<std::uint64_t>(chosen.count / 10, 1) : chosen.count;
  const std::string name(chosen.name);
  if (!chosen.in_process) {
    chosen.run(trial(name, schedulers != 0 ? schedulers : std::thread::hardware_concurrency(), count, quick, sink,
                     peer));
    return 0;
  }
  mote::options options;
  options.schedulers = schedulers;
  return mote::run([&] { chosen.run(trial(name, mote::scheduler_count(), count, quick, sink)); }, options);
}

}  // namespace bench
