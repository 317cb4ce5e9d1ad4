// All control blocks of a runtime: one range of addresses, a block by index, never unmapped before the runtime's end.
//
// T1  A block's generation changes only when the block is taken; it is published (release) after the block is ready, so
//     that who reads it (acquire) may push to its inbox.
// T2  A block whose generation would wrap is never taken again: a pid names one process for ever.
// T3  There are as many blocks more than `most` as the schedulers' caches may hold. While the table has plenty, caches take
//     and give many at a time, and a block that lies in a cache counts as in use. When it has not, it is *scarce*: caches are
//     told to keep none, and blocks are handed out one by one, as long as fewer than `most` are in use, those that still lie
//     in caches not counted. So a spawn fails exactly when `most` are alive, whoever has the free blocks.
// O1  carved_ (release) -> carved (acquire): who sees the number finds a made block below it.
#pragma once

#include "runtime/base/inline.hpp"
#include "runtime/process/bounds.hpp"
#include "runtime/process/process.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace mote::detail {

class block_cache;

class process_table {
 public:
  /// Throws std::system_error when the addresses are refused. place: of the pids. caches: that will be made for it;
  /// more_caches: that may be.
  process_table(std::size_t most, std::uint64_t place, std::size_t caches, std::size_t more_caches);
  ~process_table();
  process_table(const process_table&) = delete;
  process_table& operator=(const process_table&) = delete;

  std::uint64_t place() const noexcept { return place_; }
  std::size_t most() const noexcept { return most_; }
  /// Blocks with a smaller index have been used at least once. Any thread.
  std::uint32_t carved() const noexcept { return carved_.load(acquire); }  // O1

  process& at(std::uint32_t index) const noexcept { return blocks_[index]; }
  /// The block of which this is a part.
  process& block_around(const void* part) const noexcept {
    const auto distance = static_cast<const std::byte*>(part) - reinterpret_cast<const std::byte*>(blocks_);
    return blocks_[static_cast<std::size_t>(distance) / sizeof(process)];
  }
  /// What a block's processes keep when their mailbox is limited; memory comes with the first look at it.
  mailbox_bounds& bounds_of(const process& block) const noexcept { return bounds_[block.index]; }
  /// The block the pid names, if no later process has it; its inbox may be closed. Any thread.
  process* find(pid who) const noexcept {
    if (who.place() != place_) return nullptr;
    return find(key_of(who));
  }
  process* find(std::uint64_t key) const noexcept {
    const auto index = static_cast<std::uint32_t>(key);
    const auto generation = static_cast<std::uint32_t>(key >> 32);
    if (index >= blocks_there_ || generation == 0) [[unlikely]] return nullptr;
    process& block = blocks_[index];
    if (block.generation.load(acquire) != generation) [[unlikely]] return nullptr;  // T1
    return &block;
  }
  pid pid_of(std::uint64_t key) const noexcept {
    return pid(place_, static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32));
  }

  /// Who has the block of this index now; nobody, when that is of no block used so far. Any thread.
  pid pid_at(std::uint32_t index) const noexcept { return index < carved() ? pid_of(at(index).key()) : pid(); }
  /// The key of who has the block of that trace_number now; 0: of none. Any thread.
  std::uint64_t key_of_number(std::uint32_t number) const noexcept {
    if (number == 0) return 0;
    const std::uint32_t from_first = number - trace_number(blocks_);
    constexpr std::uint32_t each = sizeof(process) / 64;
    return from_first % each == 0 && from_first / each < carved() ? at(from_first / each).key() : 0;
  }

  /// Fills a cache that is empty: a batch, or one block while they are scarce, or none when `most` are in use. Locks for a
  /// moment.
  void fill(block_cache& empty) noexcept;
  /// Takes `count` blocks back.
  void take_back(block_cache& from, std::uint32_t count) noexcept;
  /// One block, the next by index while none has been given back; nullptr: `most` are in use. Any thread.
  process* take_for_outside() noexcept;
  /// Takes one back that was never made ready.
  void give_from_outside(process& block) noexcept;
  /// How many caches take at once.
  std::size_t batch() const noexcept { return batch_; }

 private:
  friend class block_cache;
  std::size_t most_in_a_cache() const noexcept { return 2 * batch_ + 1; }
  void add(block_cache& one);
  void set_scarce(bool scarce) noexcept;
  bool may_take(std::size_t count) noexcept;
  void end_scarcity() noexcept;
  void put_back(process& block) noexcept;
  std::size_t alive() const noexcept;
  process* take_one() noexcept;

  process* blocks_ = nullptr;
  mailbox_bounds* bounds_ = nullptr;
  std::size_t most_;
  std::uint64_t place_;
  std::size_t batch_;
  std::size_t blocks_there_;
  std::atomic<std::uint32_t> carved_{0};
  std::mutex lock_;  // of all below
  process* free_ = nullptr;
  std::size_t out_ = 0;  ///< handed out, in use or in a cache
  bool scarce_ = false;
  std::vector<block_cache*> caches_;
};

/// A scheduler's own free blocks.
class block_cache {
 public:
  /// Throws std::bad_alloc.
  explicit block_cache(process_table& table);
  /// nullptr: the table is full.
  process* take() noexcept {
    if (count_ <= least_.load(relaxed)) [[unlikely]] return take_from_table();
    return &pop();
  }
  void give(process& block) noexcept {
    push(block);
    if (count_ > most_.load(relaxed)) [[unlikely]] hand_back();
  }

 private:
  friend class process_table;
  static constexpr std::uint32_t no_bound = ~std::uint32_t{0};

  process& pop() noexcept {
    process& block = *free_;
    free_ = static_cast<process*>(block.next);
    count_.subtract(1);
    return block;
  }
  void push(process& block) noexcept {
    block.next = free_;
    free_ = &block;
    count_.add(1);
  }

  MOTE_COLD process* take_from_table() noexcept;
  MOTE_COLD void hand_back() noexcept;
  /// Any thread: how many to keep from now on (T3).
  void keep(bool none) noexcept;

  process_table& table_;
  process* free_ = nullptr;
  relaxed_cell<std::uint32_t> count_ = 0;  ///< read by the table
  std::atomic<std::uint32_t> least_{0};    ///< a take that would go below it asks the table
  std::atomic<std::uint32_t> most_;        ///< a give that goes above it hands back
};

}  // namespace mote::detail
