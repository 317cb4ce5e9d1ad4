// The last 64 events of one scheduler, for a look after the fact. Written by the owner, read by anyone: an entry that is
// being overwritten may be read mixed, which a reader of a post-mortem accepts.
#pragma once

#include "runtime/base/atomic.hpp"
#include "runtime/base/probe_point.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace mote::detail {

enum class event : std::uint32_t { none, run, ready, spawn, exit, steal, migrate, raid, fire, idle, handoff };

struct trace_entry {
  event what;
  std::uint32_t subject;  ///< a process's trace_number, or what the event says
  std::uint64_t detail;
};

class trace_ring {
 public:
  static constexpr std::size_t capacity = 64;

  void record(event what, std::uint32_t subject, std::uint64_t detail) noexcept {
    const std::uint64_t at = written_.load(relaxed);
    slot& place = slots_[at % capacity];
    place.what.store(static_cast<std::uint64_t>(what) << 32 | subject, relaxed);
    place.detail.store(detail, relaxed);
    written_.store(at + 1, relaxed);
  }
  /// How many, ever since.
  std::uint64_t written() const noexcept { return written_.load(relaxed); }
  /// The entry written `back` events ago, 0 the newest.
  trace_entry read(std::size_t back) const noexcept {
    const std::uint64_t at = written_.load(relaxed);
    if (back >= at || back >= capacity) return {event::none, 0, 0};
    const slot& place = slots_[(at - 1 - back) % capacity];
    const std::uint64_t what = place.what.load(relaxed);
    return {static_cast<event>(what >> 32), static_cast<std::uint32_t>(what), place.detail.load(relaxed)};
  }

 private:
  struct slot {
    std::atomic<std::uint64_t> what{0};
    std::atomic<std::uint64_t> detail{0};
  };
  std::array<slot, capacity> slots_;
  std::atomic<std::uint64_t> written_{0};
};

}  // namespace mote::detail
