// A map from 64-bit identities to small values, for what one process is tied to: links, monitors. Empty it owns no memory;
// its first entry lies inside; from the second on, an open-addressed table of at most half load.
// Deletion shifts entries back instead of leaving marks: Knuth, The Art of Computer Programming 3, 6.4, algorithm R.
#pragma once

#include "runtime/base/check.hpp"
#include "runtime/base/relaxed.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace mote::detail {

/// Key 0 is nobody's. One thread at a time, but for size(), which anyone may read. Insertion throws std::bad_alloc and changes nothing then.
template <class Value>
class id_map {
 public:
  struct entry {
    std::uint64_t key = 0;
    Value value{};
  };

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  Value* find(std::uint64_t key) noexcept {
    if (capacity_ == 0) return only_.key == key && key != 0 ? &only_.value : nullptr;
    entry* const at = probe(key);
    return at->key == key ? &at->value : nullptr;
  }

  /// The value for the key, made with Value{} if there was none.
  Value& insert(std::uint64_t key) {
    MOTE_CHECK(key != 0);
    if (capacity_ == 0) {
      if (only_.key == key) return only_.value;
      if (size_ == 0) {
        size_ = 1;
        only_ = {key, Value{}};
        return only_.value;
      }
      grow();
    }
    entry* at = probe(key);
    if (at->key == key) return at->value;
    if ((size_ + 1) * 2 > capacity_) {
      grow();
      at = probe(key);
    }
    size_.add(1);
    *at = {key, Value{}};
    return at->value;
  }

  bool erase(std::uint64_t key) noexcept {
    if (capacity_ == 0) {
      if (size_ == 0 || only_.key != key) return false;
      only_ = {};
      size_ = 0;
      return true;
    }
    const entry* const at = probe(key);
    if (at->key != key) return false;
    close_gap(static_cast<std::uint32_t>(at - table_.get()));
    size_.subtract(1);
    if (capacity_ > most_idle && size_ * 8 < capacity_) shrink();
    return true;
  }

  /// Calls function(key, value) for each entry. The function must not change the map.
  template <class Function>
  void for_each(Function&& function) {
    if (capacity_ == 0) {
      if (size_ != 0) function(only_.key, only_.value);
      return;
    }
    for (std::uint32_t at = 0; at < capacity_; ++at) {
      if (table_[at].key != 0) function(table_[at].key, table_[at].value);
    }
  }

  void clear() noexcept { *this = id_map(); }

  /// For a copy of a map's bytes while its owner may change it (runtime/os/peek.hpp): read_each(entries, count, function) reads
  /// what it points to. Calls function(key, value).
  template <class ReadEach, class Function>
  void glimpse(ReadEach&& read_each, Function&& function) const {
    const auto tell = [&](const entry& one) {
      if (one.key != 0) function(one.key, one.value);
    };
    if (capacity_ == 0) return tell(only_);
    read_each(table_.get(), capacity_, tell);
  }

 private:
  static constexpr std::uint32_t least_capacity = 8;
  static constexpr std::uint32_t most_idle = 256;  // entries of a table that is kept however empty

  std::uint32_t home(std::uint64_t key) const noexcept {
    return static_cast<std::uint32_t>(key * 0x9E3779B97F4A7C15u >> 32) & (capacity_ - 1);
  }
  std::uint32_t next(std::uint32_t at) const noexcept { return (at + 1) & (capacity_ - 1); }

  // Where the key is, or would be.
  entry* probe(std::uint64_t key) const noexcept {
    std::uint32_t at = home(key);
    while (table_[at].key != 0 && table_[at].key != key) at = next(at);
    return &table_[at];
  }

  void grow() { resize(capacity_ == 0 ? least_capacity : capacity_ * 2); }
  // A table that was once large would cost a cache miss at each use. Without memory it stays as it is.
  void shrink() noexcept {
    try {
      resize(capacity_ / 4);
    } catch (const std::bad_alloc&) {
    }
  }
  void resize(std::uint32_t capacity) {
    id_map other;
    other.table_ = std::make_unique<entry[]>(capacity);
    other.capacity_ = capacity;
    for_each([&](std::uint64_t key, Value& value) { *other.probe(key) = {key, std::move(value)}; });
    other.size_ = size_;
    *this = std::move(other);
  }

  void close_gap(std::uint32_t gap) noexcept {
    for (std::uint32_t at = next(gap); table_[at].key != 0; at = next(at)) {
      const std::uint32_t distance = (at - home(table_[at].key)) & (capacity_ - 1);
      if (distance < ((at - gap) & (capacity_ - 1))) continue;
      table_[gap] = std::move(table_[at]);
      gap = at;
    }
    table_[gap] = {};
  }

  std::unique_ptr<entry[]> table_;
  std::uint32_t capacity_ = 0;
  relaxed_cell<std::uint32_t> size_ = 0;
  entry only_;
};

}  // namespace mote::detail
