// Blocks of memory for the runtime's own use: envelopes, control data, whatever lives for one message or one process.
// mimalloc serves them where it is installed; the program's malloc stays what it is. It is opened with dlopen, because
// linking its shared library would replace malloc in the whole program. Under sanitizers and valgrind, which must see
// each block, malloc serves them. Which of the two is settled once, before main, and never changes.
#pragma once

#include <cstddef>
#include <new>

namespace mote::detail {

/// The functions in use. They start out as functions that look for mimalloc, so that a block may be had even before
/// this library's constructors have run; from then on they are constant, and no call checks anything.
struct block_functions {
  void* (*small)(std::size_t);  // up to block_small_bytes
  void* (*any)(std::size_t);
  void (*release)(void*);
  bool may_keep;  // free blocks may be kept at hand; not where a tool must see each of them
};
extern block_functions blocks_in_use;

/// What mimalloc's shortest path takes: 128 words.
inline constexpr std::size_t block_small_bytes = 128 * sizeof(void*);

/// A block of that many bytes, aligned for any fundamental type; the caller owns it and gives it to deallocate.
/// Throws             std::bad_alloc.
/// Blocks             never, but for the kernel's work when pages are new. Any thread.
[[nodiscard]] inline void* allocate(std::size_t size_bytes) {
  void* block = size_bytes <= block_small_bytes ? blocks_in_use.small(size_bytes) : blocks_in_use.any(size_bytes);
  if (block == nullptr) [[unlikely]]
    throw std::bad_alloc();
  return block;
}

/// Ends a block of allocate(), on any thread; nullptr is no block and ignored.
inline void deallocate(void* block) noexcept { blocks_in_use.release(block); }

/// Who serves: "mimalloc", or "malloc", which is also the answer when mimalloc replaces malloc in the whole program.
const char* allocator_name() noexcept;

}  // namespace mote::detail
