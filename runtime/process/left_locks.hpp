// Locks that a process may have left behind that overflowed its stack (overflow.cpp, W5). One for which nobody waits does no harm
// yet; one for which somebody waits hangs him for ever, and the program ends instead.
//
// K1  What names the thread may be another's: a process that holds a lock over a switch, or data that looks like one. So one is
//     left behind only if, for longer than anyone holds a lock, it has named that thread and been waited for at every look.
//     Others' locks are given free meanwhile, and what is no lock is not waited for.
// K2  A thread of the pool looks, beside the schedulers: the hanging may be theirs. It looks as long as there is anything to look at.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/os/locks_left.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

namespace mote::detail {

class scheduler_group;

class left_locks {
 public:
  /// From now on these are watched, until each has been seen free, or the schedulers stop. When one is waited for, prints the report
  /// and ends the program. Any thread. Throws std::bad_alloc, or std::system_error: no thread can be had.
  void watch(scheduler_group& beside, const lock_holder& by, std::span<const std::byte* const> held, std::string report);
  /// Whether there is anything to look at, and how many times it has been done.
  bool watches() const noexcept {
    const std::lock_guard hold(lock_);
    return watched_;
  }
  std::uint64_t looks() const noexcept { return looks_.load(relaxed); }

 private:
  struct one {
    const std::byte* at;
    lock_holder by;
    std::shared_ptr<const std::string> report;
    int times_wanted = 0;  // in a row
  };
  void look_on(const scheduler_group& beside) noexcept;
  bool look() noexcept;

  mutable std::mutex lock_;
  std::vector<one> all_;
  std::atomic<std::uint64_t> looks_{0};
  bool watched_ = false;
};

}  // namespace mote::detail
