#include "runtime/process/table.hpp"

#include "runtime/base/annotate_memory.hpp"
#include "runtime/base/check.hpp"
#include "runtime/os/address_space.hpp"
#include "runtime/os/system_refusal.hpp"
#include "runtime/process/locals.hpp"
#include "runtime/process/refs.hpp"

#include <mote/error.hpp>

#include <algorithm>
#include <new>

namespace mote::detail {

namespace {

template <class Entry>
std::size_t table_bytes(std::size_t most) {
  const std::size_t page = page_bytes();
  return (most * sizeof(Entry) + page - 1) / page * page;
}

// Memory that reads as zero, for so many.
template <class Entry>
Entry* reserve_table(std::size_t entries, std::size_t most) {
  const std::size_t bytes = table_bytes<Entry>(entries);
  auto* const begin = reserve_addresses(bytes);
  if (begin == nullptr || !allow_access(begin, bytes)) {
    if (begin != nullptr) release_addresses(begin, bytes);
    throw system_limit(std::errc::not_enough_memory,
                       "mote: no " + std::to_string(bytes) + " bytes of addresses for a table of " + std::to_string(most) +
                           " processes (options::max_processes); " + limits_on_memory());
  }
  lsan_look_into(begin, bytes);
  return reinterpret_cast<Entry*>(begin);
}

template <class Entry>
void release_table(Entry* begin, std::size_t entries) noexcept {
  lsan_look_no_more(begin, table_bytes<Entry>(entries));
  release_addresses(reinterpret_cast<std::byte*>(begin), table_bytes<Entry>(entries));
}

}  // namespace

process_table::process_table(std::size_t most, std::uint64_t place, std::size_t caches, std::size_t more_caches)
    : most_(most),
      place_(place),
      batch_(std::clamp<std::size_t>(most / (16 * caches), 1, 128)),
      blocks_there_(most + (caches + more_caches) * most_in_a_cache()) {
  blocks_ = reserve_table<process>(blocks_there_, most);
  try {
    bounds_ = reserve_table<mailbox_bounds>(blocks_there_, most);
  } catch (...) {
    release_table(blocks_, blocks_there_);
    throw;
  }
}

process_table::~process_table() {
  for (std::uint32_t i = 0; i < carved(); ++i) {
    tsan_acquire(&blocks_[i]);
    blocks_[i].~process();
  }
  release_table(bounds_, blocks_there_);
  release_table(blocks_, blocks_there_);
}

void process_table::add(block_cache& one) {
  const std::lock_guard hold(lock_);
  caches_.push_back(&one);
  one.keep(scarce_);
}

void process_table::set_scarce(bool scarce) noexcept {
  scarce_ = scarce;
  for (block_cache* one : caches_) one->keep(scarce);
}

std::size_t process_table::alive() const noexcept {
  std::size_t count = out_;
  for (const block_cache* one : caches_) count -= one->count_;
  return count;
}

// Under the lock. There is one: blocks_there_ - out_ of them (T3).
process* process_table::take_one() noexcept {
  ++out_;
  if (process* const known = free_) {
    free_ = static_cast<process*>(known->next);
    return known;
  }
  const std::uint32_t index = carved_.load(relaxed);
  MOTE_CHECK(index < blocks_there_);
  auto* const made = ::new (static_cast<void*>(&blocks_[index])) process;
  static_cast<void>(made->mail.close());
  made->index = index;
  carved_.store(index + 1, release);  // O1
  return made;
}

// Under the lock. Whether there is one, at least, for somebody who would like so many (T3).
bool process_table::may_take(std::size_t count) noexcept {
  if (!scarce_ && out_ + count > most_) set_scarce(true);
  return !scarce_ || alive() < most_;
}

// Under the lock.
void process_table::put_back(process& block) noexcept {
  --out_;
  block.next = free_;
  free_ = &block;
}

// Under the lock.
void process_table::end_scarcity() noexcept {
  if (scarce_ && out_ + caches_.size() * most_in_a_cache() + batch_ <= most_) set_scarce(false);
}

process* process_table::take_for_outside() noexcept {
  const std::lock_guard hold(lock_);
  return may_take(1) ? take_one() : nullptr;
}

void process_table::give_from_outside(process& block) noexcept {
  const std::lock_guard hold(lock_);
  put_back(block);
  end_scarcity();
}

void process_table::fill(block_cache& empty) noexcept {
  const std::lock_guard hold(lock_);
  if (!may_take(batch_)) return;
  for (std::size_t left = scarce_ ? 1 : batch_; left != 0; --left) empty.push(*take_one());
}

void process_table::take_back(block_cache& from, std::uint32_t count) noexcept {
  const std::lock_guard hold(lock_);
  for (; count != 0; --count) put_back(from.pop());
  end_scarcity();
}

block_cache::block_cache(process_table& table) : table_(table), most_(static_cast<std::uint32_t>(2 * table.batch())) {
  table.add(*this);
}

void block_cache::keep(bool none) noexcept {
  least_.store(none ? no_bound : 0, relaxed);
  most_.store(none ? 0 : static_cast<std::uint32_t>(2 * table_.batch()), relaxed);
}

// The cache is empty, or is to be (T3).
process* block_cache::take_from_table() noexcept {
  if (count_ != 0) table_.take_back(*this, count_);
  table_.fill(*this);
  return count_ != 0 ? &pop() : nullptr;
}

// All of them, or a batch.
void block_cache::hand_back() noexcept {
  table_.take_back(*this, most_.load(relaxed) == 0 ? std::uint32_t{count_} : static_cast<std::uint32_t>(table_.batch()));
}

}  // namespace mote::detail
