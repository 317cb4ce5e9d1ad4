#include "runtime/process/table.hpp"

#include "runtime/os/address_space.hpp"
#include "runtime/process/locals.hpp"
#include "runtime/process/refs.hpp"

#include <new>
#include <system_error>

namespace mote::detail {

namespace {

std::size_t table_bytes(std::size_t most) {
  const std::size_t page = page_bytes();
  return (most * sizeof(process) + page - 1) / page * page;
}

}  // namespace

process_table::process_table(std::size_t most, std::uint64_t place)
    : blocks_(reinterpret_cast<process*>(reserve_addresses(table_bytes(most)))), most_(most), place_(place) {
  auto* const begin = reinterpret_cast<std::byte*>(blocks_);
  if (begin == nullptr || !allow_access(begin, table_bytes(most))) {
    throw std::system_error(std::make_error_code(std::errc::not_enough_memory),
                            "no addresses for a table of " + std::to_string(most) + " processes (" +
                                std::to_string(table_bytes(most)) + " bytes)");
  }
}

process_table::~process_table() {
  for (std::uint32_t i = 0; i < carved(); ++i) blocks_[i].~process();
  release_addresses(reinterpret_cast<std::byte*>(blocks_), table_bytes(most_));
}

process* process_table::take(std::size_t most, std::size_t& count) noexcept {
  const std::lock_guard hold(lock_);
  process* chain = nullptr;
  count = 0;
  for (; count < most && free_ != nullptr; ++count) {
    process* block = free_;
    free_ = static_cast<process*>(block->next);
    --free_count_;
    block->next = chain;
    chain = block;
  }
  const std::uint32_t first = carved_.load(relaxed);
  std::uint32_t end = first;
  for (; count < most && end < most_; ++count, ++end) {
    auto* block = ::new (static_cast<void*>(&blocks_[end])) process;
    static_cast<void>(block->mail.close());
    block->index = end;
    block->next = chain;
    chain = block;
  }
  carved_.store(end, release);
  return chain;
}

void process_table::give(process* chain, std::size_t count) noexcept {
  const std::lock_guard hold(lock_);
  while (chain != nullptr) {
    auto* following = static_cast<process*>(chain->next);
    chain->next = free_;
    free_ = chain;
    chain = following;
  }
  free_count_ += count;
}

void block_cache::hand_back() noexcept {
  process* chain = nullptr;
  for (std::size_t i = 0; i < batch; ++i) {
    process* block = free_;
    free_ = static_cast<process*>(block->next);
    block->next = chain;
    chain = block;
  }
  count_ -= batch;
  table_.give(chain, batch);
}

}  // namespace mote::detail
