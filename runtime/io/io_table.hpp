// The descriptors that a runtime's processes hold open. An entry is type-stable memory: it is given to one owner after
// another and not unmapped before the table's end, so an event that comes late finds an entry whose generation has moved on.
#pragma once

#include "runtime/io/readiness.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

namespace mote::detail {

class network;

struct alignas(64) io_entry {
  readiness state;
  network* home = nullptr;
  io_entry* next_free = nullptr;
  int descriptor = -1;      ///< or a simulated network's number; -1: the entry is free
  std::uint32_t index = 0;
  bool stream = false;      ///< a read that got less than it asked for found all there was
  bool borrowed = false;    ///< the descriptor is closed by somebody else
  bool room_told = true;    ///< events tell when it can be written, too
  std::array<bool, 2> dry{};  ///< owner, by side: the last attempt found nothing more

  /// What an event is to carry.
  std::uint64_t name() const noexcept { return std::uint64_t{state.generation()} << 32 | index; }
};
static_assert(sizeof(io_entry) == 64);

class io_table {
 public:
  explicit io_table(network& home) noexcept : home_(home) {}
  ~io_table();
  io_table(const io_table&) = delete;
  io_table& operator=(const io_table&) = delete;

  /// A free entry, or nullptr without memory or with more than 16,777,216 in use. Any thread; locks for a moment.
  io_entry* take() noexcept;
  /// The owner is done: from here on its events are dropped. Any thread.
  void give(io_entry& entry) noexcept;

  /// The entry that an event names, of whatever generation. Any thread.
  io_entry& at(std::uint32_t index) const noexcept {
    return chunks_[index / chunk_size].load(std::memory_order_acquire)[index % chunk_size];
  }
  std::size_t in_use() const noexcept { return in_use_.load(std::memory_order_relaxed); }

  /// Calls do_this(entry) for all that are in use. While nobody takes or gives.
  template <class Do>
  void for_each(Do&& do_this) const {
    for (std::uint32_t i = 0; i < carved_; ++i) {
      if (at(i).descriptor >= 0) do_this(at(i));
    }
  }

 private:
  static constexpr std::uint32_t chunk_size = 4096;
  static constexpr std::uint32_t most_chunks = 4096;

  io_entry* carve() noexcept;

  network& home_;
  std::mutex lock_;
  io_entry* free_ = nullptr;
  std::uint32_t carved_ = 0;
  std::atomic<std::size_t> in_use_{0};
  std::array<std::atomic<io_entry*>, most_chunks> chunks_{};
};

}  // namespace mote::detail
