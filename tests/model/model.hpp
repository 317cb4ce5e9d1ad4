// A model checker for the runtime's lock-free structures. A header written against runtime/base/atomic.hpp runs in it
// unchanged when compiled with MOTE_MODEL: explore() runs a small test again and again, through all interleavings
// with few preemptions and all old values that the C++ memory model lets a load see, then through random ones, and
// reports the first run that fails: a gtest expectation, MOTE_CHECK, data race, deadlock (all spin or wait) or
// livelock.
//
//   model::explore([](model::world& world) {
//     inbox box;                          // made anew for each run
//     model::data<int> bytes;             // plain data whose races are found
//     world.together([&] { ... }, [&] { ... });
//     EXPECT_...                          // all threads have ended and are seen
//   });
//
// The body must do the same whenever it is given the same choices: no clock, no randomness but world.any(), no
// addresses. What the memory model covers stands in tests/model/memory.hpp (M1-M5); docs/design/model.md has the
// rest.
// Environment: MOTE_MODEL_RUNS (random runs), MOTE_MODEL_SEED, MOTE_MODEL_REPLAY (one run, by the list a report
// printed).
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "runtime/base/atomic.hpp"
#include "tests/model/choices.hpp"
#include "tests/model/engine.hpp"

#ifndef MOTE_MODEL
#error "the model checker checks headers that were compiled with MOTE_MODEL"
#endif

namespace mote::model {

/// depth_first  budget of each run of the complete search
/// by_seed      budget of each random run (its preemptions are not limited)
/// most_runs    of the complete search; when they do not suffice, explore() fails and says so
/// random_runs  half uniformly random, half PCT of depth 3; MOTE_MODEL_RUNS overrides it
/// reordered_loads  report a load that the language lets take effect after a later store of its thread (memory.hpp,
///                  M5). Off by default: it takes no account of dependencies, so a hint that is read relaxed is
///                  reported.
struct options {
  budget depth_first{};
  budget by_seed{.preemptions = 1000, .stale_reads = 8, .spurious_failures = 4};
  std::uint64_t most_runs = 2'000'000;
  std::uint64_t random_runs = 20'000;
  std::uint64_t most_operations = 2000;
  bool reordered_loads = false;
};

/// The body's hand on the run.
class world {
 public:
  explicit world(engine& runs) : engine_(runs) {}

  /// Runs each function as a model thread, to the end of all. They see what the body did before; it sees what they
  /// did.
  template <class... Functions>
  void together(Functions&&... functions) {
    const std::array<call_ref, sizeof...(Functions)> calls{
        call_ref{[](void* object) { (*static_cast<std::remove_reference_t<Functions>*>(object))(); },
                 const_cast<void*>(static_cast<const void*>(&functions))}...};
    engine_.together(calls.data(), calls.size());
  }

  /// One of 0 .. count - 1; all are tried.
  std::size_t any(std::size_t count) { return engine_.decisions().any(count); }

  /// Ends the run as failed unless it holds. For what must not go on, and where gtest's failure would be in the way.
  void check(bool holds, const char* what) {
    if (!holds) engine_.fail(what);
  }

 private:
  engine& engine_;
};

/// How a search went.
struct result {
  std::uint64_t runs = 0;  // depth first
  std::uint64_t random_runs = 0;
  bool complete = false;  // the depth-first search came to its end
  bool failed = false;
  std::string report;  // of the failure: what, the operations of the run, how to have it again
};

namespace detail {
result search(call_ref body_of_engine, engine& runs, const options& how);
void report(const result& found);
void wait_until(condition_ref holds);
}  // namespace detail

/// Searches, and leaves it to the caller to judge. For the checker's own tests.
template <class Body>
result search(Body body, const options& how = {}) {
  engine runs;
  auto one_run = [&] {
    world here(runs);
    body(here);
  };
  return detail::search({[](void* object) { (*static_cast<decltype(one_run)*>(object))(); }, &one_run}, runs, how);
}

/// Searches; a failure or an incomplete search is a failure of the gtest test that calls. Prints what was covered.
template <class Body>
void explore(Body body, const options& how = {}) {
  detail::report(search(std::move(body), how));
}

/// Plain data shared by model threads. A read or write that is not ordered by happens-before fails the run.
template <class T>
class data {
 public:
  data() : data(T{}) {}
  explicit data(T value) : value_(std::move(value)) { note_write(); }
  data(const data&) = delete;
  data& operator=(const data&) = delete;
  ~data() { note_write(); }

  const T& read() const {
    if (engine* const runs = engine::running()) runs->atomics().read_cell(runs->current(), state_);
    return value_;
  }
  void write(T value) {
    note_write();
    value_ = std::move(value);
  }

 private:
  void note_write() {
    if (engine* const runs = engine::running()) runs->atomics().write_cell(runs->current(), state_);
  }

  T value_;
  mutable cell_state state_;
};

/// One thread parks, others unpark it: a token, as a futex or an eventfd would keep it. An unpark before the park is
/// not lost.
class parker {
 public:
  void park() {
    while (!token_.exchange(false, std::memory_order_acquire)) wait();
  }
  void unpark() {
    token_.store(true, std::memory_order_release);
    there_ = true;  // at once: the next scheduling point is the next operation
  }

 private:
  void wait() {
    detail::wait_until({[](void* self) { return static_cast<parker*>(self)->there_; }, this});
    there_ = false;
  }

  mote::detail::atomic<bool> token_{false};
  bool there_ = false;
};

}  // namespace mote::model
