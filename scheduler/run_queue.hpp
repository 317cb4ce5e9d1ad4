// A scheduler's own ready list: no atomic operation, no lock. Three priorities, each first in, first out.
//
// Q1  Touched by the owner, or by a raider that has borrowed the scheduler (raid.hpp).
// Q2  No starvation: at most `patience` turns go to a higher priority while a lower one waits.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/base/seam.hpp"
#include "scheduler/runnable.hpp"

#include <cstdint>

namespace mote::detail {

/// First in, first out, through runnable::next.
class run_list {
 public:
  bool empty() const noexcept { return first_ == nullptr; }
  runnable* front() const noexcept { return first_; }
  void push(runnable& item) noexcept {
    item.next = nullptr;
    if (first_ == nullptr) {
      first_ = &item;
    } else {
      last_->next = &item;
    }
    last_ = &item;
  }
  runnable* pop() noexcept {
    runnable* item = first_;
    first_ = item->next;
    return item;
  }
  /// Takes out the item `skip` places from the front.
  runnable* pop_at(std::uint32_t skip) noexcept {
    if (skip == 0) return pop();
    runnable* before = first_;
    while (--skip != 0) before = before->next;
    runnable* item = before->next;
    before->next = item->next;
    if (last_ == item) last_ = before;
    return item;
  }

 private:
  runnable* first_ = nullptr;
  runnable* last_ = nullptr;
};

class run_queue {
 public:
  static constexpr std::uint32_t patience = 16;
  static constexpr std::uint32_t most_considered = 64;  // by a seam that orders

  /// How many are ready here: exact for the owner, a hint for others.
  std::uint32_t size() const noexcept { return size_.load(relaxed); }
  bool empty() const noexcept { return size() == 0; }

  void push(runnable& item) noexcept {
    lists_[item.priority].push(item);
    if (item.priority != normal) ++special_;
    size_.store(size() + 1, relaxed);
  }
  /// The next one by priority. Not while empty.
  runnable* pop() noexcept {
    size_.store(size() - 1, relaxed);
    if (special_ == 0) [[likely]] return lists_[normal].pop();
    const std::uint8_t from = choose();
    if (from != normal) --special_;
    return lists_[from].pop();
  }
  /// As pop, but which one of that priority, the seam chooses.
  runnable* pop(seam& order) noexcept {
    size_.store(size() - 1, relaxed);
    const std::uint8_t from = special_ == 0 ? normal : choose();
    if (from != normal) --special_;
    std::uint32_t waiting = 0;
    for (const runnable* item = lists_[from].front(); item != nullptr && waiting < most_considered; item = item->next) {
      ++waiting;
    }
    return lists_[from].pop_at(order.choose(waiting));
  }

 private:
  static constexpr std::uint8_t normal = 1;

  std::uint8_t choose() noexcept {
    std::uint8_t best = 0;
    while (lists_[best].empty()) ++best;
    for (std::uint8_t lower = static_cast<std::uint8_t>(best + 1); lower < priorities; ++lower) {
      if (!lists_[lower].empty() && ++passed_over_[lower] > patience) {
        passed_over_[lower] = 0;
        return lower;  // Q2
      }
    }
    passed_over_[best] = 0;
    return best;
  }

  run_list lists_[priorities];
  std::uint32_t passed_over_[priorities]{};
  std::uint32_t special_ = 0;  // those of high or low priority
  std::atomic<std::uint32_t> size_{0};
};

}  // namespace mote::detail
