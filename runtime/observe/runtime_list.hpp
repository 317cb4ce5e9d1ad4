// The runtimes of this OS process, for signal handlers and debuggers.
//
// W1  A place is emptied before its runtime goes away, and whoever looks counts itself first: so who empties it waits until
//     nobody looks any more.
// O1  add, remove (seq_cst) and a look's count (seq_cst): of a remover and one who looks, one sees the other.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/process/core.hpp"

#include <array>
#include <thread>

namespace mote::detail {

class runtime_list {
 public:
  static constexpr std::size_t most = 16;

  /// Of more than there are places for, some are not seen.
  void add(runtime& home) noexcept {
    for (auto& place : places_) {
      runtime* none = nullptr;
      if (place.compare_exchange_strong(none, &home, seq_cst)) return;  // O1
    }
  }
  void remove(runtime& home) noexcept {
    for (auto& place : places_) {
      runtime* one = &home;
      place.compare_exchange_strong(one, nullptr, seq_cst);  // O1
    }
    while (lookers_.load(seq_cst) != 0) std::this_thread::yield();  // W1 O1
  }
  /// Calls function(runtime&) for each. Async-signal-safe if that is.
  template <class Function>
  void for_each(Function&& function) noexcept {
    lookers_.fetch_add(1, seq_cst);  // O1
    for (auto& place : places_) {
      if (runtime* const one = place.load(seq_cst)) function(*one);  // O1
    }
    lookers_.fetch_sub(1, seq_cst);  // O1
  }

 private:
  std::array<std::atomic<runtime*>, most> places_{};
  std::atomic<unsigned> lookers_{0};
};

/// tools/gdb/mote.py finds them here.
extern runtime_list observed_runtimes;

}  // namespace mote::detail
