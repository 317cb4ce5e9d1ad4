// A scheduler's place among the others: what they reach it by, and what must not change hands with its thread. Who holds the
// place runs what is ready there. It is held by one at a time; by another after a hand-off (handoff.cpp).
#pragma once

#include "runtime/base/pile.hpp"
#include "runtime/base/relaxed.hpp"
#include "runtime/base/seam.hpp"
#include "runtime/time/timer_wheel.hpp"
#include "scheduler/event_source.hpp"
#include "scheduler/runnable.hpp"
#include "scheduler/steal_queue.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace mote::detail {

struct station {
  /// source  where its thread waits, and what comes in there.
  station(unsigned number, std::unique_ptr<seam> choices, std::unique_ptr<event_source> where, void (*drop)(timer&) noexcept)
      : index(number), timers(choices->now_ns(), drop), order(std::move(choices)), source(std::move(where)) {}

  const unsigned index;
  std::atomic<scheduler*> holder{nullptr};  ///< handoff.cpp, H2
  std::atomic<std::uint64_t> seen_dispatches{0};  ///< of the holder, by whoever watched last, at the last look

  // The holder's.
  timer_wheel timers;
  const std::unique_ptr<seam> order;
  const std::unique_ptr<event_source> source;

  // Written by others.
  alignas(64) pile<runnable> remote;  ///< what is pinned here, or migrates
  std::atomic<std::uint32_t> remote_count{0};  ///< of what is there, counted before it comes and after it is taken
  alignas(64) steal_queue<runnable> ring;
};

}  // namespace mote::detail
