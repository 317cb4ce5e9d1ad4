// The watch over turns: a thread that looks how long each scheduler's process has been running. One that runs long has its slice
// ended, so that it lets others run at its next call; one that calls nothing loses its scheduler (handoff.cpp). The thread
// sleeps for good while all schedulers do.
#pragma once

#include "runtime/os/parker.hpp"
#include "scheduler/nap.hpp"

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace mote::detail {

class scheduler;
class scheduler_group;

class turn_watch {
 public:
  explicit turn_watch(scheduler_group& watched) noexcept : group_(watched) {}

  /// limit_ns  how long a process may run without entering the runtime; 0: for ever, and there is no thread. Throws
  ///           std::system_error when the system has no thread, or std::bad_alloc.
  void start(std::uint64_t limit_ns);
  /// From a plain thread.
  void stop() noexcept;
  /// A scheduler goes to work.
  void stir() noexcept {
    if (nap_.is_on()) [[unlikely]] wake();
  }

 private:
  /// What was seen of one scheduler.
  struct turn {
    const scheduler* of = nullptr;
    std::uint64_t dispatches = 0;
    std::uint64_t since_ns = 0;  ///< so it has been, at least
    std::uint64_t cpu_ns = 0;    ///< that its thread had had when it was first found so; 0: has not been yet
  };

  void run() noexcept;
  void look(std::size_t index, std::uint64_t now) noexcept;
  bool holds_on(const scheduler& seen, turn& last, std::uint64_t now) const noexcept;
  bool all_idle() const noexcept;
  void wake() noexcept;

  scheduler_group& group_;
  std::uint64_t limit_ns_ = 0;
  std::vector<turn> turns_;
  nap nap_;
  parker parker_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

}  // namespace mote::detail
