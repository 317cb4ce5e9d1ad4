#include "runtime/io/io_table.hpp"

#include <new>

namespace mote::detail {

io_table::~io_table() {
  for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
}

io_entry* io_table::carve() noexcept {
  if (carved_ == chunk_size * most_chunks) return nullptr;
  auto& chunk = chunks_[carved_ / chunk_size];
  if (carved_ % chunk_size == 0) {
    auto* const fresh = new (std::nothrow) io_entry[chunk_size];
    if (fresh == nullptr) return nullptr;
    chunk.store(fresh, std::memory_order_release);
  }
  io_entry& entry = chunk.load(std::memory_order_relaxed)[carved_ % chunk_size];
  entry.index = carved_++;
  entry.home = &home_;
  return &entry;
}

io_entry* io_table::take() noexcept {
  const std::lock_guard hold(lock_);
  io_entry* const entry = free_ != nullptr ? free_ : carve();
  if (entry == nullptr) return nullptr;
  if (entry == free_) free_ = entry->next_free;
  in_use_.fetch_add(1, std::memory_order_relaxed);
  return entry;
}

void io_table::give(io_entry& entry) noexcept {
  entry.state.next_generation();
  entry.descriptor = -1;
  entry.dry = {};
  entry.stream = entry.borrowed = false;
  entry.room_told = true;
  const std::lock_guard hold(lock_);
  entry.next_free = free_;
  free_ = &entry;
  in_use_.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace mote::detail
