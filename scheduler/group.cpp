#include "scheduler/group.hpp"

#include "runtime/os/this_thread.hpp"

#include <chrono>
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
        one->run_thread();
        inside_.fetch_sub(1, release);
      });
    } catch (const std::system_error& refused) {
      inside_.fetch_sub(1, relaxed);
      stop();
      throw std::system_error(refused.code(), "thread " + std::to_string(i + 1) + " of " +
                                                  std::to_string(schedulers_.size()) + " schedulers refused");
    }
  }
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
