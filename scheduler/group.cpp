#include "scheduler/group.hpp"

#include "runtime/os/blocked_signals.hpp"
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

void scheduler_group::add(std::unique_ptr<station> place, std::unique_ptr<scheduler> one) {
  stations_.push_back(std::move(place));
  schedulers_.push_back(std::move(one));
}

void scheduler_group::start(const std::vector<int>& cpus, std::uint64_t turn_ns) {
  cpus_ = cpus;
  const std::size_t threads = conductor_ != nullptr ? 1 : size();
  const blocked_signals for_the_threads;
  signals_before_ = for_the_threads.before();
  for (std::size_t i = 0; i < threads; ++i) {
    const int cpu = cpus.empty() ? -1 : cpus[i % cpus.size()];
    const std::error_code refused = pool_.try_run([this, one = schedulers_[i].get(), cpu] { run(*one, cpu); });
    if (refused) give_up(refused, "thread " + std::to_string(i + 1));
  }
  for (std::size_t begun = 0; (begun = begun_.load(acquire)) != threads;) begun_.wait(begun, acquire);  // O1
  if (refused_) give_up(refused_, "the signal stack of thread " + std::to_string(refused_thread_ + 1));
  try {
    watch_.start(turn_ns);
  } catch (const std::system_error& refused) {
    give_up(refused.code(), "the thread that watches");
  }
}

// The thread of one scheduler.
void scheduler_group::run(scheduler& one, int cpu) noexcept {
  if (cpu >= 0) static_cast<void>(bind_to_cpu(cpu));
  std::optional<signal_stack> handlers_run_here;
  try {
    handlers_run_here.emplace();
  } catch (const std::system_error& refused) {
    const std::lock_guard hold(refused_lock_);
    refused_ = refused.code();
    refused_thread_ = one.index();
  }
  say_begun();
  if (!handlers_run_here) return;
  if (conductor_ != nullptr) return conductor_->run();
  one.run_thread();
  give_spare(one);
}

void scheduler_group::say_begun() noexcept {
  begun_.fetch_add(1, acq_rel);  // O1
  begun_.notify_one();
}

void scheduler_group::give_up(std::error_code why, const std::string& what) {
  stop();
  const std::string limits = why.value() == EAGAIN ? limits_on_threads() : limits_on_memory();
  throw system_limit(static_cast<std::errc>(why.value()),
                     "mote: " + what + " of " + std::to_string(size()) + " schedulers was refused; " + limits);
}

bool scheduler_group::stop() noexcept {
  begin_to_stop();
  watch_.stop();
  for (auto& place : stations_) place->source->wake();
  return pool_.stop(std::chrono::seconds(1));
}

void scheduler_group::wake_one() noexcept {
  const std::int32_t who = idle_.wake_one();
  if (who != idle_set<>::nobody) wake(static_cast<std::size_t>(who));
}

std::uint64_t scheduler_group::turns() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < size(); ++i) sum += (*this)[i].dispatches();
  return sum;
}

// Whether no scheduler has anything to do, now or later, unless somebody else makes something ready. All are parked, and have
// been while their queues were looked at: one that rose and parked again has looked for work, which counts as a turn, and asks
// again itself.
bool scheduler_group::quiet() const noexcept {
  if (stopping() || !all_parked()) return false;
  const std::uint64_t before = turns();
  if (!injector_.looks_empty()) return false;
  for (std::size_t i = 0; i < size(); ++i) {
    const station& one = place(i);
    if ((*this)[i].queued() != 0 || !one.ring.empty() || !one.remote.looks_empty()) return false;
    if (one.timers.size() != 0) return false;
  }
  fence(seq_cst);  // between these looks and the next: idle.hpp, O1
  return all_parked() && turns() == before;
}

void scheduler_group::submit(runnable& item) noexcept {
  if (item.pinned != no_pin) {
    make_remote(item.pinned, item);
  } else {
    item.doing.store(activity::ready, relaxed);
    injector_.push(item);
    wake_one();
  }
  if (conductor_ != nullptr) conductor_->wake();
}

void scheduler_group::make_remote(unsigned index, runnable& item) noexcept {
  item.doing.store(activity::ready, relaxed);
  stations_[index]->remote_count.fetch_add(1, relaxed);
  stations_[index]->remote.push(item);
  if (idle_.wake(index)) wake(index);
}

}  // namespace mote::detail
