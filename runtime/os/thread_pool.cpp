#include "runtime/os/thread_pool.hpp"

#include "runtime/os/system_refusal.hpp"
#include "runtime/os/this_thread.hpp"

#include <utility>

namespace mote::detail {

bool thread_pool::stop(std::chrono::milliseconds patience) noexcept {
  std::unique_lock hold(lock_);
  ending_ = true;
  jobs_.clear();
  changed_.notify_all();
  const auto all_ended = [this] { return running_ == 0; };
  if (patience == std::chrono::milliseconds::max()) {
    ended_.wait(hold, all_ended);
  } else {
    ended_.wait_for(hold, patience, all_ended);
  }
  const bool joins = running_ == 0;
  std::vector<std::thread> threads = std::exchange(threads_, {});
  hold.unlock();
  for (std::thread& one : threads) {
    if (joins) {
      one.join();
    } else {
      one.detach();
    }
  }
  return joins;
}

// Under the lock.
std::error_code thread_pool::start_thread() {
  if (threads_.size() >= most_) return std::make_error_code(std::errc::resource_unavailable_try_again);
  try {
    threads_.emplace_back([this] { work(); });
    running_.add(1);
    return {};
  } catch (const std::system_error& refused) {
    return refused.code();
  } catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
  }
}

bool thread_pool::run(job work) {
  const std::lock_guard hold(lock_);
  jobs_.push_back(std::move(work));
  bool soon = true;
  if (idle_ < jobs_.size()) {
    const std::error_code refused = start_thread();
    soon = !refused;
    if (refused && threads_.empty()) {
      jobs_.pop_back();
      throw system_refusal(refused, "mote: a thread of " + name_, asked_for::thread);
    }
  }
  changed_.notify_one();
  return soon;
}

std::error_code thread_pool::try_run(job work) {
  const std::lock_guard hold(lock_);
  if (idle_ <= jobs_.size()) {
    if (const std::error_code refused = start_thread()) return refused;
  }
  jobs_.push_back(std::move(work));
  changed_.notify_one();
  return {};
}

bool thread_pool::is_full() const {
  const std::lock_guard hold(lock_);
  return threads_.size() >= most_;
}

void thread_pool::work() {
  std::unique_lock hold(lock_);
  while (!ending_) {
    if (jobs_.empty()) {
      static_cast<void>(name_this_thread(name_));
      idle_.add(1);
      changed_.wait(hold);
      idle_.subtract(1);
      continue;
    }
    {
      const job next = std::move(jobs_.front());
      jobs_.pop_front();
      hold.unlock();
      next();
    }
    hold.lock();
  }
  running_.subtract(1);
  ended_.notify_all();
}

}  // namespace mote::detail
