#include "tests/exhaustion/failing_memory.hpp"

#include "runtime/memory/blocks.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace {

constexpr std::int64_t never = std::int64_t{1} << 62;
std::atomic<std::int64_t> left_until_refusal{never};
std::atomic<std::int64_t> refusals{0};
std::atomic<std::int64_t> refused{0};
std::atomic<std::int64_t> live{0};

bool is_refused() noexcept {
  if (left_until_refusal.load() == never) return false;
  const std::int64_t left = left_until_refusal.fetch_sub(1) - 1;
  if (left > 0 || left <= -refusals.load()) return false;
  refused.fetch_add(1);
  return true;
}

void* counted(void* block) noexcept {
  if (block != nullptr) live.fetch_add(1);
  return block;
}

void* take(std::size_t bytes) { return is_refused() ? nullptr : counted(std::malloc(bytes == 0 ? 1 : bytes)); }

void* take_aligned(std::size_t bytes, std::align_val_t alignment) {
  const auto to = static_cast<std::size_t>(alignment);
  return is_refused() ? nullptr : counted(std::aligned_alloc(to, (bytes + to - 1) / to * to));
}

void give(void* block) {
  if (block == nullptr) return;
  live.fetch_sub(1);
  std::free(block);
}

void* or_throw(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

// After the runtime's choice (blocks.cpp), before the first block.
[[gnu::constructor(102)]] void serve_the_runtime() { mote::detail::blocks_in_use = {take, take, give, false}; }

}  // namespace

void* operator new(std::size_t bytes) { return or_throw(take(bytes)); }
void* operator new[](std::size_t bytes) { return or_throw(take(bytes)); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return take(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return take(bytes); }
void* operator new(std::size_t bytes, std::align_val_t to) { return or_throw(take_aligned(bytes, to)); }
void* operator new[](std::size_t bytes, std::align_val_t to) { return or_throw(take_aligned(bytes, to)); }
void operator delete(void* block) noexcept { give(block); }
void operator delete[](void* block) noexcept { give(block); }
void operator delete(void* block, std::size_t) noexcept { give(block); }
void operator delete[](void* block, std::size_t) noexcept { give(block); }
void operator delete(void* block, std::align_val_t) noexcept { give(block); }
void operator delete[](void* block, std::align_val_t) noexcept { give(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { give(block); }
void operator delete[](void* block, std::size_t, std::align_val_t) noexcept { give(block); }
void operator delete(void* block, const std::nothrow_t&) noexcept { give(block); }
void operator delete[](void* block, const std::nothrow_t&) noexcept { give(block); }

namespace mote::test::memory {

void refuse(std::uint64_t nth, std::uint64_t how_many) {
  refused.store(0);
  refusals.store(static_cast<std::int64_t>(how_many));
  left_until_refusal.store(static_cast<std::int64_t>(nth));
}

bool was_refused() { return refused.load() != 0; }

bool restore() {
  left_until_refusal.store(never);
  return refused.load() != 0;
}

std::int64_t live_blocks() { return live.load(); }

}  // namespace mote::test::memory
