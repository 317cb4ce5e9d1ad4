// Who looks after simulated runs from outside: one that stays away from the runtime, in a loop of its own or in a call of the
// system that blocks, would never come back.
//
// Its thread is stopped where it is, for good: nothing of it can be unwound, and it must not come back to what its caller has
// given up. Where it stood is told by its frames.
#pragma once

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace mote::detail {

/// Looks after one run while it lives. Made by the thread that waits for the run.
class stuck_watch {
 public:
  /// steps: counts up as long as the run goes on. gave_up: called, from the watch's thread, when it has not for so long; with
  /// what is to be told.
  stuck_watch(std::function<std::uint64_t()> steps, std::chrono::milliseconds limit,
              std::function<void(std::string frames)> gave_up);
  ~stuck_watch();
  stuck_watch(const stuck_watch&) = delete;
  stuck_watch& operator=(const stuck_watch&) = delete;

  /// The run's thread, as it begins.
  void begins_here();

 private:
  friend class watchman;
  const std::function<std::uint64_t()> steps_;
  const std::chrono::milliseconds limit_;
  const std::function<void(std::string)> gave_up_;
  bool has_thread_ = false;
  pthread_t thread_{};
  std::uint64_t seen_steps_ = 0;
  std::chrono::steady_clock::time_point seen_{};
  bool done_ = false;
};

}  // namespace mote::detail
