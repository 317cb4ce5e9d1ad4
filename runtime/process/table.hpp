// All control blocks of a runtime: one range of addresses, a block by index, never unmapped before the runtime's end.
//
// T1  A block's generation changes only when the block is taken; it is published (release) after the block is ready, so
//     that who reads it (acquire) may push to its inbox.
// T2  A block whose generation would wrap is never taken again: a pid names one process for ever.
#pragma once

#include "runtime/process/process.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>

namespace mote::detail {

class process_table {
 public:
  /// Throws std::system_error when the addresses are refused. place: of the pids.
  process_table(std::size_t most, std::uint64_t place);
  ~process_table();
  process_table(const process_table&) = delete;
  process_table& operator=(const process_table&) = delete;

  std::uint64_t place() const noexcept { return place_; }
  std::size_t most() const noexcept { return most_; }
  /// Blocks with a smaller index have been used at least once. Any thread.
  std::uint32_t carved() const noexcept { return carved_.load(acquire); }

  process& at(std::uint32_t index) const noexcept { return blocks_[index]; }
  /// The block the pid names, if no later process has it; its inbox may be closed. Any thread.
  process* find(pid who) const noexcept {
    if (who.place() != place_) return nullptr;
    return find(key_of(who));
  }
  process* find(std::uint64_t key) const noexcept {
    const auto index = static_cast<std::uint32_t>(key);
    const auto generation = static_cast<std::uint32_t>(key >> 32);
    if (index >= most_ || generation == 0) [[unlikely]] return nullptr;
    process& block = blocks_[index];
    if (block.generation.load(acquire) != generation) [[unlikely]] return nullptr;
    return &block;
  }
  pid pid_of(std::uint64_t key) const noexcept {
    return pid(place_, static_cast<std::uint32_t>(key), static_cast<std::uint32_t>(key >> 32));
  }

  /// Takes up to `most` free blocks, linked by next. nullptr: the table is full. Locks for a moment.
  process* take(std::size_t most, std::size_t& count) noexcept;
  void give(process* chain, std::size_t count) noexcept;

 private:
  process* blocks_;
  std::size_t most_;
  std::uint64_t place_;
  std::atomic<std::uint32_t> carved_{0};
  std::mutex lock_;
  process* free_ = nullptr;
  std::size_t free_count_ = 0;
};

/// A scheduler's own free blocks.
class block_cache {
 public:
  explicit block_cache(process_table& table) noexcept : table_(table) {}
  process* take() noexcept {
    if (free_ == nullptr) [[unlikely]] free_ = table_.take(batch, count_);
    process* block = free_;
    if (block == nullptr) return nullptr;
    free_ = static_cast<process*>(block->next);
    --count_;
    return block;
  }
  void give(process& block) noexcept {
    block.next = free_;
    free_ = &block;
    if (++count_ > 2 * batch) [[unlikely]] hand_back();
  }

 private:
  static constexpr std::size_t batch = 128;
  void hand_back() noexcept;

  process_table& table_;
  process* free_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace mote::detail
