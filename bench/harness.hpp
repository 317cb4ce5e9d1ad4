// What every workload is written with: the trial it reports to, clocks, memory, percentiles, the same cheap random
// sequence as in the other systems' programs, and a countdown to learn that a crowd of processes has ended.
#pragma once

#include <mote/mote.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// One figure, as it is printed: `SYSTEM WORKLOAD_sSCHEDULERS METRIC VALUE UNIT`.
struct figure {
  std::string system, workload, metric, unit;
  unsigned schedulers = 0;
  double value = 0;
};

/// Another system, for the workloads that measure a program from outside: its name, and the shell's command for its program.
/// Without a command it is mote.
struct peer_system {
  std::string name = "mote", command;
};

/// What a message carries beside its first `used` bytes, which are all that its receiver wants: each is of 64 bytes, as a user's
/// might be.
template <std::size_t used>
using besides = std::array<std::uint64_t, (64 - used) / sizeof(std::uint64_t)>;

/// One run of one workload: how much to do, and where its figures go.
class trial {
 public:
  trial(std::string workload, unsigned schedulers, std::uint64_t count, bool quick,
        std::function<void(const figure&)> sink, peer_system peer = {})
      : workload_(std::move(workload)),
        sink_(std::move(sink)),
        peer_(std::move(peer)),
        count_(count),
        schedulers_(schedulers),
        quick_(quick) {}

  std::uint64_t count() const noexcept { return count_; }
  unsigned schedulers() const noexcept { return schedulers_; }
  /// Figures are wanted soon: what is measured over a fixed time may take a fifth of it.
  bool quick() const noexcept { return quick_; }
  const peer_system& peer() const noexcept { return peer_; }
  /// Hands a figure on at once.
  void report(std::string_view metric, double value, std::string_view unit) const {
    sink_({peer_.name, workload_, std::string(metric), std::string(unit), schedulers_, value});
  }

 private:
  std::string workload_;
  std::function<void(const figure&)> sink_;
  peer_system peer_;
  std::uint64_t count_;
  unsigned schedulers_;
  bool quick_;
};

/// One workload, a constant in its own file bench/<name>/mote.cpp, named in workloads.cpp.
struct workload {
  std::string_view name, about;
  std::uint64_t count;  ///< of what `about` counts, in a full run; a quick one does a tenth
  void (*run)(const trial& now);
  bool in_process = true;  ///< runs as the first process of a runtime; false: on a plain thread without one
};

/// Time since it was made, in steady_clock's nanoseconds.
class stopwatch {
 public:
  double nanoseconds() const {
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin_).count();
  }
  double milliseconds() const { return nanoseconds() / 1e6; }
  double seconds() const { return nanoseconds() / 1e9; }

 private:
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

/// steady_clock now, in nanoseconds.
std::int64_t clock_ns();
/// What this OS process holds in memory, and of that what its page tables take (VmPTE), in bytes.
struct memory_use {
  double resident, page_tables;
};
memory_use memory_now();
/// CPU time of all threads of this OS process, in milliseconds.
double cpu_ms();
/// Confines the calling thread, and those it starts, to the first `cores` of the cores it may use.
void confine_to_cores(unsigned cores);

/// Of sorted values: the one below which this share of them lies.
double percentile(const std::vector<std::int64_t>& sorted, double share);

/// Lehmer's generator (MINSTD).
class lehmer {
 public:
  explicit lehmer(std::uint64_t seed) noexcept : state_(seed) {}
  std::uint64_t next() noexcept { return state_ = state_ * 16807 % 2147483647; }

 private:
  std::uint64_t state_;
};

/// Counts down, and tells the process that made it when zero is reached: Go's WaitGroup, Erlang's atomics. It is shared
/// on purpose (unsafe_share); the others' programs do the same. It lives until wait() has returned.
class wait_group {
 public:
  explicit wait_group(std::uint64_t count) : left_(count), waiter_(mote::self()) {}
  void done() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) mote::send(waiter_, all_done{});
  }
  /// Called by its maker, once.
  void wait() const { mote::receive<all_done>(); }

 private:
  struct all_done {};

  std::atomic<std::uint64_t> left_;
  mote::pid waiter_;
};
using shared_group = mote::unsafe_share<wait_group>;

}  // namespace bench
