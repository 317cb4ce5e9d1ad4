// Labels: left_locks.hpp.
#include "runtime/process/left_locks.hpp"

#include "scheduler/group.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

namespace mote::detail {

namespace {

constexpr auto between_looks = std::chrono::milliseconds(50);
constexpr int most_times_wanted = 40;  // two seconds (K1)
constexpr int glances = 500;           // a millisecond or less, for one that is given free for a moment and taken again

[[noreturn]] void end_program(const std::string& report) noexcept {
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, report.data(), report.size());
  std::abort();
}

}  // namespace

// K2
void left_locks::watch(scheduler_group& beside, const lock_holder& by, std::span<const std::byte* const> held, std::string report) {
  const auto shared = std::make_shared<const std::string>(std::move(report));
  const std::lock_guard hold(lock_);
  for (const std::byte* each : held) {
    const auto same = [&](const one& known) { return known.at == each && known.by.thread == by.thread; };
    if (std::none_of(all_.begin(), all_.end(), same)) all_.push_back({each, by, shared});
  }
  if (watched_) return;
  beside.threads().run([this, &beside] { look_on(beside); });
  watched_ = true;
}

void left_locks::look_on(const scheduler_group& beside) noexcept {
  while (!beside.stopping() && look()) std::this_thread::sleep_for(between_looks);
}

// K1. False: there is nothing left to look at.
bool left_locks::look() noexcept {
  const std::lock_guard hold(lock_);
  for (one& each : all_) {
    lock_state now = lock_state::wanted;
    for (int i = 0; i < glances && now == lock_state::wanted; ++i) now = state_of_lock(each.at, each.by);
    each.times_wanted = now == lock_state::wanted ? each.times_wanted + 1 : 0;
    if (each.times_wanted == most_times_wanted) end_program(*each.report);
    if (now == lock_state::not_held) each.at = nullptr;
  }
  looks_.fetch_add(1, relaxed);
  std::erase_if(all_, [](const one& each) { return each.at == nullptr; });
  watched_ = !all_.empty();
  return watched_;
}

}  // namespace mote::detail
