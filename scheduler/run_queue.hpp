// A scheduler's own ready list: no atomic operation, no lock. Three priorities, each first in, first out; and before those of
// normal priority the newborn, which run while what their maker gave them is in the cache.
//
// Q1  Touched by the owner, or by a raider that has borrowed the scheduler (scheduler.hpp, S2).
// Q2  No starvation: at most `patience` turns go to a higher priority, and `newborn_turns` to the newborn, while others wait.
//     The latter is more than one maker can make in its turn, so that a maker's children have run when it goes on.
// Q3  The newborn of one maker run in the order of their making, and before older ones: a tree of processes is walked depth
//     first, so that few are alive at once. Every `ageing` turns all of them join the others of normal priority: whoever makes
//     more and more does not hold up those made before.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/base/relaxed.hpp"
#include "runtime/base/seam.hpp"
#include "scheduler/runnable.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

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
  /// Puts all of other, which is empty afterwards, behind what is here, or before it.
  void append(run_list& other) noexcept {
    if (other.empty()) return;
    if (empty()) {
      first_ = other.first_;
    } else {
      last_->next = other.first_;
    }
    last_ = other.last_;
    other.first_ = nullptr;
  }
  void prepend(run_list& other) noexcept {
    other.append(*this);
    *this = other;
    other.first_ = nullptr;
  }
  /// Cuts off what lies behind the first `keep` items, keep > 0.
  run_list cut_after(std::uint32_t keep) noexcept {
    run_list rest;
    runnable* last = first_;
    while (last != nullptr && --keep != 0) last = last->next;
    if (last == nullptr || last->next == nullptr) return rest;
    rest.first_ = last->next;
    rest.last_ = last_;
    last->next = nullptr;
    last_ = last;
    return rest;
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
  static constexpr std::uint32_t newborn_turns = 64;
  static constexpr std::uint32_t most_considered = 64;  // by a seam that orders

  /// How many are ready here: exact for the owner, a hint for others.
  std::uint32_t size() const noexcept { return size_.load(relaxed); }
  /// As size, of one priority.
  std::uint32_t size(std::uint8_t priority) const noexcept {
    const std::uint64_t special = special_;
    const std::uint32_t highs = static_cast<std::uint32_t>(special), lows = static_cast<std::uint32_t>(special >> 32);
    if (priority == normal) return std::max(size(), highs + lows) - highs - lows;
    return priority == high ? highs : lows;
  }
  bool empty() const noexcept { return size() == 0; }
  bool has_high() const noexcept { return special_ != 0 && !lists_[0].empty(); }

  void push(runnable& item) noexcept {
    const std::uint8_t priority = item.priority;
    if (priority == normal) [[likely]] {
      lists_[normal].push(item);
    } else {
      lists_[priority].push(item);
      special_.add(one_of(priority));
    }
    size_.store(size() + 1, relaxed);
  }
  /// One that has just been made by the running one.
  void push_newborn(runnable& item) noexcept {
    if (item.priority != normal) return push(item);
    batch_.push(item);
    size_.store(size() + 1, relaxed);
  }
  /// The next one by priority. Not while empty.
  runnable* pop() noexcept {
    size_.store(size() - 1, relaxed);
    if (!batch_.empty()) newborn_.prepend(batch_);  // Q3
    if (special_ == 0) [[likely]] return pop_normal();
    const std::uint8_t from = choose();
    if (from == normal) return pop_normal();
    special_.subtract(one_of(from));
    return lists_[from].pop();
  }
  /// What pop would give, if all that wait are of normal priority and none is newborn; else nullptr.
  runnable* usual_front() const noexcept {
    return special_ == 0 && newborn_.empty() && batch_.empty() ? lists_[normal].front() : nullptr;
  }
  /// Takes usual_front, which there is.
  void pop_usual() noexcept {
    size_.store(size() - 1, relaxed);
    lists_[normal].pop();
  }
  /// Takes all that is in another, which nobody touches meanwhile. This one is empty.
  void take_all(run_queue& other) noexcept {
    for (std::uint8_t priority = 0; priority < priorities; ++priority) lists_[priority].append(other.lists_[priority]);
    newborn_.append(other.newborn_);
    batch_.append(other.batch_);
    special_ = other.special_;
    other.special_ = 0;
    size_.store(other.size(), relaxed);
    other.size_.store(0, relaxed);
  }
  /// Moves the half that would run last to `out`, up to `most`; returns how many. For those who would rather run it now. Of
  /// the first kind that has two: newborn, normal, low, high.
  std::uint32_t take_last(runnable** out, std::uint32_t most) noexcept {
    for (const std::uint8_t priority : {normal, low, high}) {
      if (const std::uint32_t taken = take_last(priority, out, most)) return taken;
    }
    return 0;
  }
  /// As take_last, of one priority only.
  std::uint32_t take_last(std::uint8_t priority, runnable** out, std::uint32_t most) noexcept {
    newborn_.prepend(batch_);
    std::uint32_t taken = priority == normal ? take_last_of(newborn_, out, most) : 0;
    if (taken == 0) taken = take_last_of(lists_[priority], out, most);
    if (priority != normal) special_.subtract(taken * one_of(priority));
    size_.store(size() - taken, relaxed);
    return taken;
  }
  /// As pop, but which one of that priority, the seam chooses; if `also` is of no lower priority, it may be that one, which is
  /// not in here.
  runnable* pop(seam& order, runnable* also = nullptr) noexcept {
    newborn_.prepend(batch_);
    lists_[normal].append(newborn_);
    const std::uint8_t from = special_ == 0 ? normal : choose();
    std::array<std::uint64_t, most_considered + 1> names;
    std::uint32_t waiting = 0;
    const runnable* item = lists_[from].front();
    for (; item != nullptr && waiting < most_considered; item = item->next) names[waiting++] = runnable_hooks::name(*item);
    if (item != nullptr) order.leaves_out();
    const std::uint32_t ready = waiting;
    if (also != nullptr && also->priority <= from) names[waiting++] = runnable_hooks::name(*also);
    const std::uint32_t chosen = order.next(std::span(names).first(waiting));
    if (chosen == ready) return also;
    if (from != normal) special_.subtract(one_of(from));
    size_.store(size() - 1, relaxed);
    return lists_[from].pop_at(chosen);
  }

 private:
  static constexpr std::uint8_t high = 0, normal = 1, low = 2;
  static constexpr std::uint32_t ageing = 1024;

  static constexpr std::uint64_t one_of(std::uint8_t priority) noexcept { return priority == high ? 1 : 1ull << 32; }

  bool has(std::uint8_t priority) const noexcept {
    return !lists_[priority].empty() || (priority == normal && !newborn_.empty());
  }

  static std::uint32_t take_last_of(run_list& from, runnable** out, std::uint32_t most) noexcept {
    std::uint32_t count = 0;
    for (const runnable* item = from.front(); item != nullptr && count < 2 * most; item = item->next) ++count;
    if (count < 2) return 0;
    run_list rest = from.cut_after((count + 1) / 2);
    std::uint32_t taken = 0;
    while (taken < most && !rest.empty()) out[taken++] = rest.pop();
    from.append(rest);
    return taken;
  }

  runnable* pop_normal() noexcept {
    if (newborn_.empty()) return lists_[normal].pop();
    const std::uint32_t turn = ++newborn_turn_;
    if (turn % ageing == 0) lists_[normal].append(newborn_);  // Q3
    if (newborn_.empty() || (turn % newborn_turns == 0 && !lists_[normal].empty())) return lists_[normal].pop();  // Q2
    return newborn_.pop();
  }

  std::uint8_t choose() noexcept {
    std::uint8_t best = 0;
    while (!has(best)) ++best;
    for (std::uint8_t lower = static_cast<std::uint8_t>(best + 1); lower < priorities; ++lower) {
      if (has(lower) && ++passed_over_[lower] > patience) {
        passed_over_[lower] = 0;
        return lower;  // Q2
      }
    }
    passed_over_[best] = 0;
    return best;
  }

  run_list lists_[priorities];
  run_list newborn_;
  run_list batch_;  // of the running one, since it began to run
  std::uint32_t newborn_turn_ = 0;
  std::uint32_t passed_over_[priorities]{};
  relaxed_cell<std::uint64_t> special_ = 0;  // how many of high priority, and, in the upper half, of low
  std::atomic<std::uint32_t> size_{0};
};

}  // namespace mote::detail
