// Threads that run one job after another: for calls of the system that block, for a user's blocking code, and for schedulers.
#pragma once

#include "runtime/base/relaxed.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace mote::detail {

/// Threads are started as they are needed, and stay until stop. Any thread may use it.
class thread_pool {
 public:
  using job = std::function<void()>;

  /// name  of a thread while it has no job, cut to 15 bytes. Throws std::bad_alloc.
  thread_pool(std::size_t most_threads, std::string name) : most_(most_threads), name_(std::move(name)) {}
  ~thread_pool() { stop(); }
  thread_pool(const thread_pool&) = delete;
  thread_pool& operator=(const thread_pool&) = delete;

  /// Runs the job as soon as a thread is free. False: that may take a while, all there may be are busy. Throws
  /// std::bad_alloc, or std::system_error when there is no thread and none can be had.
  bool run(job work);
  /// Runs the job at once, or not: errc::resource_unavailable_try_again, with all threads there may be busy (is_full), or what
  /// the system said to one more. Throws std::bad_alloc.
  std::error_code try_run(job work);
  bool is_full() const;
  /// Threads that have a job now. Async-signal-safe.
  std::size_t in_use() const noexcept {
    const std::size_t idle = idle_, all = running_;
    return all > idle ? all - idle : 0;
  }
  std::size_t most_threads() const noexcept { return most_; }

  /// Plain thread. Waits for the jobs that run; those that have not begun are dropped.
  void stop() noexcept { static_cast<void>(stop(std::chrono::milliseconds::max())); }
  /// The same, but no longer than that. False: some run on; their threads are left to themselves, and the pool must not be
  /// destroyed.
  bool stop(std::chrono::milliseconds patience) noexcept;

 private:
  std::error_code start_thread();
  void work();

  const std::size_t most_;
  const std::string name_;
  mutable std::mutex lock_;
  std::condition_variable changed_, ended_;
  std::deque<job> jobs_;
  std::vector<std::thread> threads_;
  relaxed_cell<std::size_t> idle_ = 0;     // that wait, or have been told of a job just now
  relaxed_cell<std::size_t> running_ = 0;  // threads that have not ended
  bool ending_ = false;
};

}  // namespace mote::detail
