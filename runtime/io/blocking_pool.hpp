// A few threads for calls of the system that block and cannot be waited for otherwise, as the resolution of names.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace mote::detail {

class blocking_pool {
 public:
  explicit blocking_pool(unsigned most_threads) noexcept : most_(most_threads) {}
  ~blocking_pool() { stop(); }
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  /// Any thread. Runs the job on one of the pool's threads, which are started as they are needed. Throws std::bad_alloc, or
  /// std::system_error when there is no thread and none can be had.
  void run(std::function<void()> job);
  /// Plain thread. Waits for the jobs that run; those that have not begun are dropped.
  void stop() noexcept;

 private:
  void work();

  const unsigned most_;
  std::mutex lock_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> jobs_;
  std::vector<std::thread> threads_;
  unsigned idle_ = 0;
  bool ending_ = false;
};

}  // namespace mote::detail
