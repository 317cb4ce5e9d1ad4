// The way between a program and an OS process that it has started, and what stands at its other end: the machine's, or in
// deterministic mode a simulated one (simulated_os_process.cpp). The same code runs at both ends, and the same tests on both.
#pragma once

#include "runtime/os/zygote.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace mote::detail {

class runtime;
struct start_frame;

enum class wire_state { done, later, closed };

/// One end of it. Used by one process, inside the runtime. Nothing here waits, but wait.
class wire {
 public:
  wire() = default;
  wire(const wire&) = delete;
  wire& operator=(const wire&) = delete;
  virtual ~wire() = default;

  /// Sends a packet, whole or not at all; `later` also while the system has no descriptor or memory left for it. Throws
  /// std::system_error, when the system refuses it otherwise.
  virtual wire_state write(std::span<const std::byte> packet) = 0;
  /// As write, from any thread, beside the one whose end it is; `later` if that is not possible.
  virtual wire_state write_now(std::span<const std::byte>) noexcept { return wire_state::later; }
  /// The next packet; what it looks at stays until the next call. Throws decode_error for one that can be none of ours, and
  /// std::system_error that names the limit, when the system refuses what it takes to look at it: the packet is lost.
  virtual wire_state read(std::span<const std::byte>& packet) = 0;
  /// Waits until the last thing that could not be done may be possible, mail has come, the far side has ended, or the time is
  /// up. reading: it may still bring something; writing: there is a packet that could not be
  /// written. May end the process.
  virtual void wait(bool reading, bool writing, std::uint64_t deadline_ns) = 0;
};

/// An OS process as the one who has started it sees it. Its destruction kills it, with all that it has started.
class far_side : public wire {
 public:
  /// How it ended, once it has; nothing before.
  virtual std::optional<os_ending> ended() = 0;
  /// Kills it, with all that it has started; ended() then tells, a little later.
  virtual void kill() noexcept = 0;
  /// Changes as long as it lives and is not stopped. Nothing: it lives, and mail comes to the owner should that change.
  virtual std::optional<std::uint64_t> pulse() noexcept = 0;
};

/// Starts an OS process, which takes its first packet for a start_frame. Throws std::system_error. Called from a process.
std::unique_ptr<far_side> start_os_process(runtime& home, const start_request& wish);
/// The same in memory, for a deterministic runtime. Throws std::bad_alloc.
std::unique_ptr<far_side> simulate_os_process(runtime& home);

}  // namespace mote::detail
