// All schedulers of one runtime, and what they share.
#pragma once

#include "runtime/os/thread_pool.hpp"
#include "scheduler/conductor.hpp"
#include "scheduler/idle.hpp"
#include "scheduler/injector.hpp"
#include "scheduler/scheduler.hpp"
#include "scheduler/station.hpp"
#include "scheduler/turn_watch.hpp"

#include <atomic>
#include <csignal>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <vector>

namespace mote::detail {

class scheduler_group {
 public:
  /// most_threads  of all kinds but the watch: of schedulers, of processes that lost theirs, and of blocking calls.
  explicit scheduler_group(std::size_t most_threads) : pool_(most_threads, "mote/spare") {}
  ~scheduler_group();
  scheduler_group(const scheduler_group&) = delete;
  scheduler_group& operator=(const scheduler_group&) = delete;

  /// Before start. The group owns both; the scheduler holds that station, whose index is the next one.
  void add(std::unique_ptr<station> place, std::unique_ptr<scheduler> one);
  /// Before start, and before any is added: one thread runs all of them, as this one says.
  void conduct(std::unique_ptr<conductor> by) { conductor_ = std::move(by); }
  conductor* conducted() const noexcept { return conductor_.get(); }
  /// Starts the threads; cpus: where each is bound, empty for none; turn_ns: how long a process may go without entering the
  /// runtime before another thread takes its scheduler over, 0 for ever. Throws std::system_error that names the thread refused,
  /// or the one that got no signal stack, with those started stopped again.
  void start(const std::vector<int>& cpus, std::uint64_t turn_ns);
  /// Asks all threads to end, and waits a second for them. From a plain thread. False: one runs a process, or a blocking call,
  /// that does not come back; it is left to itself, and this group must not be destroyed.
  bool stop() noexcept;
  /// What the thread that called start took of signals.
  const sigset_t& signals_before() const noexcept { return signals_before_; }
  bool stopping() const noexcept { return stopping_.load(relaxed); }
  /// The threads are to end; stop waits for them.
  void begin_to_stop() noexcept { stopping_.store(true, seq_cst); }

  /// Makes one ready, from any thread.
  void submit(runnable& item) noexcept;
  /// Makes one ready at that station.
  MOTE_COLD void make_remote(unsigned index, runnable& item) noexcept;

  std::size_t size() const noexcept { return stations_.size(); }
  station& place(std::size_t index) const noexcept { return *stations_[index]; }
  /// Who holds that station now.
  scheduler& operator[](std::size_t index) const noexcept { return *stations_[index]->holder.load(acquire); }  // handoff.cpp, H2
  void wake(std::size_t index) noexcept { stations_[index]->source->wake(); }
  idle_set<>& idle() noexcept { return idle_; }
  injector& injected() noexcept { return injector_; }
  const injector& injected() const noexcept { return injector_; }
  turn_watch& watch() noexcept { return watch_; }
  thread_pool& threads() noexcept { return pool_; }
  const thread_pool& threads() const noexcept { return pool_; }
  /// Calls function(scheduler&) for each that has a thread, also those without a station; for those with one alone while that is
  /// being changed. Any thread; async-signal-safe if the function is.
  template <class Function>
  void for_each_scheduler(Function&& function) noexcept {
    if (spares_lock_.try_lock()) {
      for (const auto& one : schedulers_) function(*one);
      spares_lock_.unlock();
    } else {
      for (std::size_t i = 0; i < size(); ++i) function((*this)[i]);
    }
  }
  /// Wakes one idle scheduler if there is work to look for and nobody looks.
  void wake_one() noexcept;

  /// The process that runs there has run since so many dispatches, for so long: a thread of the pool takes the station over, if
  /// that still holds then, and there is one.
  void hand_off(std::size_t index, std::uint64_t dispatches, std::uint64_t held_ns) noexcept;
  /// No thread is left for what wants one: says so, once. Any thread.
  void lack_thread(std::error_code why) noexcept;
  /// How often that was.
  std::uint64_t threads_lacked() const noexcept { return lacked_.load(relaxed); }

  /// Called by a scheduler, in the runtime, when all are parked, nothing is ready and no timer pending: what can happen now comes
  /// from outside. Maybe several times. In a conducted run by the conductor. Set before start.
  void (*on_stuck)(void* context) = nullptr;
  void* stuck_context = nullptr;
  /// Makes a scheduler without a station, for a hand-off. Set before start. Throws std::bad_alloc.
  std::unique_ptr<scheduler> (*make_spare)(void* context) = nullptr;
  void* spare_context = nullptr;

 private:
  friend class scheduler;

  bool quiet() const noexcept;
  bool all_parked() const noexcept { return idle_.parked() == stations_.size(); }
  std::uint64_t turns() const noexcept;
  void run(scheduler& one, int cpu) noexcept;
  void say_begun() noexcept;
  [[noreturn]] void give_up(std::error_code why, const std::string& what);

  // handoff.cpp
  void take_station(std::size_t index, std::uint64_t dispatches, std::uint64_t held_ns);
  void bind_anew(const scheduler& from, std::size_t index) noexcept;
  void report(scheduler& from, std::uint64_t left, std::uint64_t held_ns) noexcept;
  scheduler& take_spare();
  void give_spare(scheduler& one) noexcept;

  std::unique_ptr<conductor> conductor_;
  std::vector<std::unique_ptr<station>> stations_;
  std::vector<std::unique_ptr<scheduler>> schedulers_;  // changed under spares_lock_, once the threads run
  std::mutex spares_lock_;
  std::vector<scheduler*> spares_;  // room for all there are
  std::vector<int> cpus_;
  sigset_t signals_before_{};
  idle_set<> idle_;
  injector injector_;
  std::mutex stuck_lock_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> lacked_{0};
  std::atomic<std::size_t> begun_{0};  // threads that have their signal stack, or do not get one. O1: with what refused it
  std::mutex refused_lock_;
  std::error_code refused_;  // why a thread got no signal stack
  unsigned refused_thread_ = 0;
  turn_watch watch_{*this};
  thread_pool pool_;
};

}  // namespace mote::detail
