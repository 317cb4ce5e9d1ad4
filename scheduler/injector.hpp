// Where work comes in that no scheduler made: from plain threads. Any thread pushes, any scheduler takes.
//
// O1  spare_count_ (release) -> take (acquire): a flag beside the lock, which alone orders the list.
#pragma once

#include "scheduler/run_queue.hpp"

#include <concurrentqueue/concurrentqueue.h>

#include <cstddef>
#include <mutex>

namespace mote::detail {

class injector {
 public:
  /// Any thread. Never fails: without memory for the queue the item goes to a list through its own link, under a lock.
  void push(runnable& item) noexcept {
    if (queue_.enqueue(&item)) return;
    const std::lock_guard hold(lock_);
    spare_.push(item);
    spare_count_.store(spare_count_.load(relaxed) + 1, release);  // O1
  }
  /// Takes up to `most`, in no order that is promised. Any scheduler.
  std::size_t take(runnable** out, std::size_t most) noexcept {
    std::size_t taken = queue_.try_dequeue_bulk(out, most);
    if (spare_count_.load(acquire) != 0) {  // O1
      const std::lock_guard hold(lock_);
      const std::size_t before = taken;
      while (taken < most && !spare_.empty()) out[taken++] = spare_.pop();
      spare_count_.store(spare_count_.load(relaxed) - (taken - before), release);  // O1
    }
    return taken;
  }
  bool looks_empty() const noexcept { return size_approx() == 0; }
  /// How many wait there, late by what is under way. Any thread; async-signal-safe.
  std::size_t size_approx() const noexcept { return queue_.size_approx() + spare_count_.load(relaxed); }

 private:
  moodycamel::ConcurrentQueue<runnable*> queue_;
  std::mutex lock_;
  run_list spare_;
  std::atomic<std::size_t> spare_count_{0};
};

}  // namespace mote::detail
