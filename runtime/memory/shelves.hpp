// A scheduler's own free blocks, by size: the last one given is the next one taken, while it is in the cache. Most blocks
// live as long as a message; those that end on another scheduler stay there, up to a bound.
#pragma once

#include "runtime/memory/blocks.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mote::detail {

/// One thread's. A block taken here may be given anywhere, and the reverse.
class shelves {
 public:
  static constexpr std::size_t grain = 32;       // bytes between one shelf's size and the next
  static constexpr std::uint8_t count = 8;       // shelves: blocks up to 256 bytes
  static constexpr std::uint8_t none = count;    // a shelf that keeps nothing, for blocks too large for the others
  static constexpr std::uint32_t most = 512;     // free blocks a shelf keeps

  /// keeps: false where a tool must see each block come and go (blocks.hpp): then no shelf keeps anything.
  explicit shelves(bool keeps) noexcept {
    for (shelf& one : shelves_) one.free = keeps && &one != &shelves_[none] ? 0 : most;
  }
  shelves(const shelves&) = delete;
  shelves& operator=(const shelves&) = delete;
  ~shelves() {
    for (shelf& one : shelves_) {
      while (one.first != nullptr) deallocate(one.pop());
    }
  }

  static constexpr std::uint8_t shelf_for(std::size_t bytes) noexcept {
    return bytes > grain * count ? none : static_cast<std::uint8_t>((bytes - 1) / grain);
  }
  /// The size of the blocks on a shelf, for who fills it.
  static constexpr std::size_t bytes_of(std::uint8_t number) noexcept { return (number + std::size_t{1}) * grain; }

  /// nullptr when the shelf is empty. number <= none.
  void* take(std::uint8_t number) noexcept {
    shelf& from = shelves_[number];
    return from.first != nullptr ? from.pop() : nullptr;
  }
  /// false: the shelf is full, the block still the caller's.
  bool give(std::uint8_t number, void* block) noexcept {
    shelf& to = shelves_[number];
    if (to.free >= most) return false;
    to.push(block);
    return true;
  }

 private:
  struct free_block {
    free_block* next;
  };
  struct shelf {
    free_block* first = nullptr;
    std::uint32_t free = 0;

    void* pop() noexcept {
      free_block* const block = first;
      first = block->next;
      --free;
      return block;
    }
    void push(void* block) noexcept {
      auto* const top = static_cast<free_block*>(block);
      top->next = first;
      first = top;
      ++free;
    }
  };
  std::array<shelf, count + 1> shelves_;
};

}  // namespace mote::detail
