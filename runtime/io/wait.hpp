// A process waits for a descriptor, and does something to it as soon as that is possible.
#pragma once

#include "runtime/io/io_table.hpp"
#include "runtime/process/core.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace mote::detail {

/// How an attempt went: bytes, or an errno value.
struct io_result {
  std::size_t bytes = 0;
  int error = 0;
};

/// What a call to the system costs, in reductions.
inline constexpr std::int32_t io_cost = 16;

/// Tells the owner of that generation what has happened to its descriptor. Any scheduler, in the runtime.
void deliver(core& here, io_entry& entry, std::uint32_t generation, io_event event) noexcept;

/// The beginning of every call that does I/O: may yield, may end the process. Inside the runtime.
void begin_io();

/// Waits until there has been an event since the last attempt began. False: the time is up. May end the process. Owner of
/// the entry, inside the runtime.
bool await(io_entry& entry, io_side side, std::uint64_t deadline_ns);

/// Whether an attempt may find something: unless the last one found all there was, and nothing happened since.
inline bool may_try(const io_entry& entry, io_side side) noexcept {
  return !entry.dry[static_cast<std::size_t>(side)] || entry.state.is_ready(side) || entry.state.is_sticky();
}

/// Attempts until it goes well or ill, and waits where it finds nothing (EAGAIN). ETIMEDOUT: the time is up. `wanted`: so
/// many bytes at most; a stream's read that got fewer need not be followed by one that finds nothing, the next read waits
/// at once.
template <class Attempt>
io_result until_done(io_entry& entry, io_side side, std::size_t wanted, std::uint64_t deadline_ns, Attempt&& attempt) {
  bool& dry = entry.dry[static_cast<std::size_t>(side)];
  const bool tells_by_size = entry.stream && side == io_side::read;
  for (;;) {
    if (may_try(entry, side) || deadline_ns == 0) {
      entry.state.prepare(side);
      const io_result got = attempt();
      dry = got.error == EAGAIN || (tells_by_size && got.error == 0 && got.bytes < wanted);
      if (got.error == EINTR) continue;
      if (got.error != EAGAIN) return got;
    }
    if (!await(entry, side, deadline_ns)) return {0, ETIMEDOUT};
  }
}

}  // namespace mote::detail
