// The stealable part of a scheduler's run queue: a bounded ring, oldest first out. One owner thread pushes and pops,
// any number of thieves take batches from the same end as the owner, so the order of turns is kept whoever runs them.
// The queue holds pointers and owns nothing.
//
// head_:   index of the oldest item      moved by whoever takes: the owner (pop) or a thief (steal), one CAS a batch
// tail_:   index one past the newest     moved by the owner alone (push)
// slots_:  item i lives in slots_[i % Capacity] while head_ <= i < tail_
//
// I1  head_ <= tail_ <= head_ + Capacity, and neither index ever goes back.
// I2  Each index is claimed by exactly one successful CAS on head_, so each item comes out exactly once.
// I3  What is copied out before a successful CAS is what push put there: a slot is written again only for index
//     i + Capacity, which push does only after it saw head_ > i; then the CAS of a thief that had seen head_ <= i
//     fails, and whatever the thief had copied is thrown away.
// O1  push (release on tail_) -> steal (acquire): the thief sees the slots, and the items' bytes.
// O2  steal (release on head_) -> push (acquire): the thief's copying of a slot comes before its next use. A pop in
//     between is a read-modify-write of head_ and so carries the thieves' releases on. Pop needs no order of its own:
//     owner to owner.
// A thief's head_ and tail_ may be from different times. A stale head_ makes the CAS fail; a stale tail_ hides items,
// and one below head_ reads as empty. So both loads may be relaxed as far as I2 and I3 go; O1 alone asks for more.
// ABA: the indexes are 64 bits wide and only grow; at 10^9 items a second one comes around after 580 years.
// Parking: empty() is exact enough to park by if the caller has a seq_cst fence between its announcement and empty(),
// and the owner one between push and its look for sleepers: then at least one of them sees the other.
// Source: Go's runqput/runqgrab (runtime/proc.go) and Tokio's queue.rs; the ring without a lifo end is from them.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"

namespace mote::detail {

/// Capacity  items; a power of two. Shrunk to 2 or 4 by the model tests.
template <class T, std::uint32_t Capacity = 256>
class steal_queue {
  static_assert(std::has_single_bit(Capacity));

 public:
  steal_queue() noexcept = default;
  steal_queue(const steal_queue&) = delete;
  steal_queue& operator=(const steal_queue&) = delete;

  static constexpr std::uint32_t capacity() noexcept { return Capacity; }

  /// Appends as many of the items as fit, in order, and publishes them by one store.
  /// Returns  how many fitted: the first that many of items are the queue's now.
  /// Thread   the owner. Blocks never.
  std::uint32_t push(T* const* items, std::uint32_t count) noexcept {
    const std::uint64_t tail = tail_.load(relaxed);
    const std::uint64_t used = tail - head_.load(acquire);  // O2
    MOTE_CHECK(used <= Capacity);                           // I1
    const std::uint32_t fits = std::min(count, Capacity - static_cast<std::uint32_t>(used));
    for (std::uint32_t i = 0; i < fits; ++i) slot(tail + i).store(items[i], relaxed);
    tail_.store(tail + fits, release);  // O1
    return fits;
  }

  /// Takes up to `most` of the oldest items into out[0..], by one CAS. Tries again when a thief was quicker, which it
  /// can be only by taking items itself, so 0 means empty.
  /// Returns  how many. Thread: the owner. Blocks never.
  std::uint32_t pop(T** out, std::uint32_t most) noexcept {
    const std::uint64_t tail = tail_.load(relaxed);
    std::uint64_t head = head_.load(relaxed);
    std::uint32_t taken = 0;
    do {
      taken = std::min(most, static_cast<std::uint32_t>(tail - head));
      if (taken == 0) return 0;
      copy_out(head, out, taken);
    } while (!head_.compare_exchange_weak(head, head + taken, relaxed, relaxed));  // I2
    return taken;
  }

  /// Takes up to `most` of the oldest items, at most half (rounded up) of what is there, into out[0..].
  /// Returns  how many; 0 when there was nothing or somebody else was quicker (out may then have been written to).
  /// Thread   any. Blocks never.
  std::uint32_t steal(T** out, std::uint32_t most) noexcept {
    std::uint64_t head = head_.load(relaxed);
    const std::uint64_t tail = tail_.load(acquire);  // O1
    const std::uint32_t seen = distance(head, tail);
    const std::uint32_t taken = std::min(most, seen - seen / 2);
    if (taken == 0) return 0;
    copy_out(head, out, taken);                                                              // I3: before the claim
    return head_.compare_exchange_strong(head, head + taken, release, relaxed) ? taken : 0;  // I2 O2
  }

  /// How many items there seem to be: exact for the owner but for thieves at work, a hint to others. Any thread.
  std::uint32_t size() const noexcept {
    const std::uint64_t head = head_.load(relaxed);
    return distance(head, tail_.load(relaxed));
  }
  bool empty() const noexcept { return size() == 0; }

 private:
  static constexpr std::size_t cache_line_bytes = 64;

  /// From one index to another that may have been read at an earlier time: 0 at least, Capacity at most.
  static std::uint32_t distance(std::uint64_t head, std::uint64_t tail) noexcept {
    if (tail <= head) return 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(tail - head, Capacity));
  }

  atomic<T*>& slot(std::uint64_t index) noexcept { return slots_[static_cast<std::size_t>(index % Capacity)]; }

  void copy_out(std::uint64_t head, T** out, std::uint32_t count) noexcept {
    for (std::uint32_t i = 0; i < count; ++i) out[i] = slot(head + i).load(relaxed);
  }

  alignas(cache_line_bytes) atomic<std::uint64_t> head_{0};
  alignas(cache_line_bytes) atomic<std::uint64_t> tail_{0};
  alignas(cache_line_bytes) std::array<atomic<T*>, Capacity> slots_{};
};

}  // namespace mote::detail
