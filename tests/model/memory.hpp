// The memory model: C++20's, as far as an execution in program order can show it. Each atomic keeps its modification
// order; a load may see any store that coherence and happens-before allow. Vector clocks tell data races.
//
// M1  Modification order is the order in which the run made the stores. (Executions in which the two differ are not
//     tried.)
// M2  A load sees no store older than one that happens before it, or that the thread, or a read that happens before,
//     saw.
// M3  A read-modify-write sees the newest store and carries on its release sequence.
// M4  The order of seq_cst operations and fences is the order in which the run made them. A seq_cst load sees no
//     store older than the last seq_cst one; after a seq_cst fence the same holds of every load for the stores before
//     that fence.
// M5  A load sees no store that is not yet made. What the language allows beyond that (a relaxed load taking effect
//     after a later store of its thread) is reported by find_reordered_loads() where it could matter, instead of
//     being tried.
// Source: relacy's and loom's histories with clocks; C++20 [atomics.order] with P0668 for M4.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "tests/model/choices.hpp"
#include "tests/model/clock.hpp"
#include "tests/model/trace.hpp"

namespace mote::model {

using word = std::uint64_t;

/// What a data cell remembers for the detection of races.
struct cell_state {
  std::uint64_t run = 0;
  std::uint32_t number = 0;
  std::uint8_t writer = 0;
  stamp written = 0;
  clock read;
};

class memory {
 public:
  memory(choices& chooser, trace& log) : chooser_(chooser), log_(log) {}

  void start_run();
  void find_reordered_loads(bool wanted) noexcept { find_reordered_loads_ = wanted; }

  /// The child starts with what the parent knows; a join gives the parent what the child knew.
  void fork(std::size_t parent, std::size_t child);
  void join(std::size_t parent, std::size_t child);

  void construct(std::size_t thread, const void* where, word value);
  void destroy(std::size_t thread, const void* where);
  word load(std::size_t thread, const void* where, word latest, std::memory_order order);
  word load_latest(std::size_t thread, const void* where, word latest, std::memory_order order);
  void store(std::size_t thread, const void* where, word latest, word desired, std::memory_order order);
  void change(std::size_t thread, const void* where, word latest, word desired, std::memory_order order);
  /// True: latest is expected and the exchange is to go on. False: it was a load, of what is left in `seen`.
  bool compare(std::size_t thread, const void* where, word latest, word expected, bool weak, std::memory_order failure,
               word& seen);
  void fence(std::size_t thread, std::memory_order order);
  void read_cell(std::size_t thread, cell_state& cell);
  void write_cell(std::size_t thread, cell_state& cell);

  /// How many stores the run has made.
  std::uint64_t writes() const noexcept { return writes_; }
  /// While fresh, a thread's loads see the newest store: what it polls for must arrive in finite time.
  void set_fresh(std::size_t thread, bool fresh) noexcept { threads_[thread].fresh = fresh; }

 private:
  struct thread_state {
    view now;
    view unacquired;   // what relaxed loads saw, for the next acquire fence
    view released;     // now, at the last release fence
    clock caused;      // everything that led here by any read: a superset of now.before
    stamp pinned = 0;  // its last acquire fence: no load before it takes effect after it
    bool fresh = false;
  };
  struct store_record {
    word value = 0;
    std::uint32_t sc = 0;  // position among the seq_cst stores, from 1; 0: none
    view sync;             // what an acquire load of it learns
    clock caused;
    clock first_seen;  // by each thread
  };
  struct location {
    const void* where = nullptr;
    std::uint32_t number = 0;
    std::uint8_t maker = 0;
    stamp made = 0;
    bool alive = true;
    std::vector<store_record> stores;  // first `count` of them
    std::size_t count = 0;
    clock touched;     // last operation of each thread
    clock loose_load;  // last relaxed load of each thread that no store of its own followed
  };

  static constexpr std::size_t table_size = 4096;
  struct slot {
    std::uint64_t run = 0;
    const void* where = nullptr;
    std::uint32_t location = 0;
  };

  slot& slot_of(const void* where);
  location& find(std::size_t thread, const void* where, word latest);
  location& add(slot& at, const void* where, word value);
  stamp tick(std::size_t thread) noexcept;
  std::size_t readable(const location& at, const thread_state& self, std::memory_order order) const;
  void see(std::size_t thread, location& at, store_record& seen, std::memory_order order);
  store_record& append(location& at, std::size_t thread, word value, std::memory_order order);
  void check_made(std::size_t thread, const location& at) const;
  void check_reordered(std::size_t thread, location& at);
  word seen_at(std::size_t thread, location& at, std::size_t age, std::memory_order order, event::kind what);

  choices& chooser_;
  trace& log_;
  bool find_reordered_loads_ = false;
  std::uint64_t run_ = 0;
  std::uint64_t writes_ = 0;
  std::uint32_t sc_stores_ = 0;
  std::uint32_t cells_ = 0;
  clock sc_fences_;  // what the seq_cst fences so far make visible
  std::array<thread_state, most_threads> threads_;
  std::vector<location> locations_;  // first location_count_ of them
  std::size_t location_count_ = 0;
  std::vector<slot> table_ = std::vector<slot>(table_size);
};

/// Ends this run as failed. Implemented by the engine.
[[noreturn]] void fail_run(const char* why);

}  // namespace mote::model
