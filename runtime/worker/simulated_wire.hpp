// A wire in memory, for a deterministic run: packets arrive whole and in order, each after a delay drawn by the seed.
//
// Single-threaded: both ends are on one scheduler's thread, each with a clock that tells the same time.
#pragma once

#include "runtime/process/core.hpp"
#include "runtime/worker/wire.hpp"

#include <deque>
#include <vector>

namespace mote::detail {

/// Mostly microseconds, now and then some milliseconds; drawn by the seed.
std::uint64_t simulated_delay_ns() noexcept;

/// One direction.
class simulated_pipe {
 public:
  /// Takes a packet, unless more is under way than a socket holds.
  wire_state write(std::span<const std::byte> packet);
  wire_state read(std::span<const std::byte>& packet);
  /// What is under way arrives, and nothing after it.
  void close() noexcept { closed_ = true; }
  /// Nothing of what is under way arrives.
  void drop() noexcept;

  /// Whether write would do something else than put off.
  bool has_room() const noexcept { return closed_ || under_way_bytes_ < window_bytes; }
  /// Whether read would.
  bool has_news(std::uint64_t now_ns) const noexcept { return next_arrival_ns() <= now_ns; }
  /// When it will; no_deadline: not for what is known now.
  std::uint64_t next_arrival_ns() const noexcept;

 private:
  static constexpr std::size_t window_bytes = 64 * 1024;
  struct packet_under_way {
    std::uint64_t arrives_ns;
    std::vector<std::byte> bytes;
  };

  std::deque<packet_under_way> under_way_;
  std::size_t under_way_bytes_ = 0;
  std::uint64_t last_arrival_ns_ = 0;
  std::vector<std::byte> read_last_;
  bool closed_ = false;
};

/// The end inside of the simulated OS process.
class simulated_near_wire final : public wire {
 public:
  /// Both outlive it.
  simulated_near_wire(simulated_pipe& from_program, simulated_pipe& to_program) noexcept
      : in_(from_program), out_(to_program) {}
  wire_state write(std::span<const std::byte> packet) override { return out_.write(packet); }
  wire_state write_now(std::span<const std::byte> packet) noexcept override;
  wire_state read(std::span<const std::byte>& packet) override { return in_.read(packet); }
  void wait(bool reading, bool writing, std::uint64_t deadline_ns) override;
  /// Wakes who waits here for what is there now. here: the scheduler inside.
  void wake_waiting(core& here) noexcept;

 private:
  bool has_what_is_wanted(bool reading, bool writing) const noexcept;

  simulated_pipe& in_;
  simulated_pipe& out_;
  process* waiting_ = nullptr;
  bool for_reading_ = false, for_writing_ = false;
};

}  // namespace mote::detail
