#include "runtime/io/blocking_pool.hpp"

#include "runtime/os/this_thread.hpp"

#include <system_error>
#include <utility>

namespace mote::detail {

void blocking_pool::stop() noexcept {
  {
    const std::lock_guard hold(lock_);
    ending_ = true;
    jobs_.clear();
  }
  changed_.notify_all();
  for (std::thread& one : threads_) one.join();
  threads_.clear();
}

void blocking_pool::run(std::function<void()> job) {
  const std::lock_guard hold(lock_);
  jobs_.push_back(std::move(job));
  if (idle_ < jobs_.size() && threads_.size() < most_) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      if (!threads_.empty()) return changed_.notify_one();
      jobs_.pop_back();
      throw;
    }
  }
  changed_.notify_one();
}

void blocking_pool::work() {
  static_cast<void>(name_this_thread("mote/blocking"));
  std::unique_lock hold(lock_);
  while (!ending_) {
    if (jobs_.empty()) {
      ++idle_;
      changed_.wait(hold);
      --idle_;
      continue;
    }
    const std::function<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    hold.unlock();
    job();
    hold.lock();
  }
}

}  // namespace mote::detail
