#include "scheduler/group.hpp"

#include "runtime/os/signal_stack.hpp"
#include "runtime/os/system_refusal.hpp"
#include "runtime/os/this_thread.hpp"

#include <mote/error.hpp>

#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <system_error>

namespace mote::detail {

scheduler_group::~scheduler_group() { stop(); }

void scheduler_group::start(const std::vector<int>& cpus) {
  threads_.reserve(schedulers_.size());
  for (std::size_t i = 0; i < schedulers_.size(); ++i) {
    const int cpu = cpus.empty() ? -1 : cpus[i % cpus.size()];
    inside_.fetch_add(1, relaxed);
    try {
      threads_.emplace_back([this, one = schedulers_[i].get(), cpu] {
        if (cpu >= 0) static_cast<void>(bind_to_cpu(cpu));
        run(*one);
        inside_.fetch_sub(1, release);
      });
    } catch (const std::system_error& refused) {
      inside_.fetch_sub(1, relaxed);
      give_up(refused.code(), "thread " + std::to_string(i + 1));
    }
  }
  for (std::size_t begun = 0; (begun = begun_.load(acquire)) != schedulers_.size();) begun_.wait(begun, acquire);  // O1
  if (refused_) give_up(refused_, "the signal stack of thread " + std::to_string(refused_thread_ + 1));
}

// The thread of one scheduler.
void scheduler_group::run(scheduler& one) noexcept {
  std::optional<signal_stack> handlers_run_here;
  try {
    handlers_run_here.emplace();
  } catch (const std::system_error& refused) {
    const std::lock_guard hold(refused_lock_);
    refused_ = refused.code();
    refused_thread_ = one.index();
  }
  say_begun();
  if (handlers_run_here) one.run_thread();
}

void scheduler_group::say_begun() noexcept {
  begun_.fetch_add(1, acq_rel);  // O1
  begun_.notify_one();
}

void scheduler_group::give_up(std::error_code why, const std::string& what) {
  stop();
  const std::string limits = why.value() == EAGAIN ? limits_on_threads() : limits_on_memory();
  throw system_limit(static_cast<std::errc>(why.value()),
                     "mote: " + what + " of " + std::to_string(schedulers_.size()) + " schedulers was refused; " + limits);
}

bool scheduler_group::stop() noexcept {
  stopping_.store(true, seq_cst);
  for (auto& one : schedulers_) one->wake();
  for (int waited_ms = 0; inside_.load(acquire) != 0 && waited_ms < 1000; ++waited_ms) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  const bool all_came_back = inside_.load(acquire) == 0;
  for (auto& thread : threads_) {
    if (all_came_back) {
      thread.join();
    } else {
      thread.detach();
    }
  }
  threads_.clear();
  return all_came_back;
}

void scheduler_group::wake_one() noexcept {
  const std::int32_t who = idle_.wake_one();
  if (who != idle_set<>::nobody) schedulers_[static_cast<std::size_t>(who)]->wake();
}

void scheduler_group::submit(runnable& item) noexcept {
  if (item.pinned != no_pin) return schedulers_[item.pinned]->make_remote(item);
  item.doing.store(activity::ready, relaxed);
  injector_.push(item);
  wake_one();
}

}  // namespace mote::detail
