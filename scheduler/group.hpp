// All schedulers of one runtime, and what they share.
#pragma once

#include "scheduler/idle.hpp"
#include "scheduler/injector.hpp"
#include "scheduler/scheduler.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace mote::detail {

class scheduler_group {
 public:
  scheduler_group() = default;
  ~scheduler_group();
  scheduler_group(const scheduler_group&) = delete;
  scheduler_group& operator=(const scheduler_group&) = delete;

  /// Before start. The group owns it.
  void add(std::unique_ptr<scheduler> one) { schedulers_.push_back(std::move(one)); }
  /// Starts the threads; cpus: where each is bound, empty for none. Throws std::system_error that names the thread refused, or
  /// the one that got no signal stack, with those started stopped again.
  void start(const std::vector<int>& cpus);
  /// Asks all threads to end, and waits a second for them. From a plain thread. False: one runs a process that does not come
  /// back; it is left to itself, and this group must not be destroyed.
  bool stop() noexcept;
  bool stopping() const noexcept { return stopping_.load(relaxed); }

  /// Makes one ready, from any thread.
  void submit(runnable& item) noexcept;

  std::size_t size() const noexcept { return schedulers_.size(); }
  scheduler& operator[](std::size_t index) const noexcept { return *schedulers_[index]; }
  idle_set<>& idle() noexcept { return idle_; }
  injector& injected() noexcept { return injector_; }
  /// Wakes one idle scheduler if there is work to look for and nobody looks.
  void wake_one() noexcept;

  /// Called by a scheduler of a seam that orders, when nothing is ready and no timer pending. Set before start.
  void (*on_stuck)(void* context) = nullptr;
  void* stuck_context = nullptr;

 private:
  void run(scheduler& one) noexcept;
  void say_begun() noexcept;
  [[noreturn]] void give_up(std::error_code why, const std::string& what);

  std::vector<std::unique_ptr<scheduler>> schedulers_;
  std::vector<std::thread> threads_;
  idle_set<> idle_;
  injector injector_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> inside_{0};  // threads that run
  std::atomic<std::size_t> begun_{0};   // threads that have their signal stack, or do not get one. O1: with what refused it
  std::mutex refused_lock_;
  std::error_code refused_;  // why a thread got no signal stack
  unsigned refused_thread_ = 0;
};

}  // namespace mote::detail
