// The OS process of a deterministic run: a runtime of its own in memory, with its own table of processes, pids of its own place,
// and nothing but packets between it and the program. It has no thread: its owner, the stand-in, runs it a turn at a time
// while it waits for it, and is one of those that the seam orders; so the seed decides how both go on beside each other.
//
// D1  Its end comes between two turns of its own. From then on nothing gets out; what it had sent still arrives.
// D2  Its processes do not vanish, for what lies on their stacks would be lost: they are killed and unwind, at once, in a time
//     of their own. Whoever outlives that is left behind as by runtime::~runtime.
// D3  The owner is told after everything is gone: ended(), a drawn delay later.
#pragma once

#include "runtime/worker/frames.hpp"
#include "runtime/worker/gate.hpp"
#include "runtime/worker/simulated_wire.hpp"

#include <mote/sim.hpp>

#include <optional>

namespace mote::detail {

class simulated_os_process final : public far_side {
 public:
  /// Made by the process that owns it.
  explicit simulated_os_process(runtime& home);
  ~simulated_os_process() override;

  wire_state write(std::span<const std::byte> packet) override;
  wire_state read(std::span<const std::byte>& packet) override { return to_program_.read(packet); }
  /// Runs it a turn if it has anything to do, else waits.
  void wait(bool reading, bool writing, std::uint64_t deadline_ns) override;
  std::optional<os_ending> ended() override;
  void kill() noexcept override;
  std::optional<std::uint64_t> pulse() noexcept override;

  /// Plans its end. Called by a process of the program, or of its own.
  void plan_end(sim::os_end how, int code, std::chrono::nanoseconds within);

 private:
  struct planned_end {
    sim::os_end how;
    int code;
    std::uint64_t at_ns;
  };

  bool run_turn();
  bool begin();
  void meet_end(const planned_end& what);
  void end(const os_ending& how) noexcept;
  void clear() noexcept;
  void unwind_all() noexcept;
  bool kill_all() noexcept;
  void run_while_possible() noexcept;
  core& inside() const noexcept { return static_cast<core&>(ready_->home->schedulers[0]); }
  std::uint64_t next_event_ns(bool reading) const noexcept;

  runtime& home_;
  process& owner_;
  simulated_pipe from_program_, to_program_;
  start_frame start_;
  std::optional<prepared_isolated> ready_;  ///< from its beginning to its end
  simulated_near_wire* near_ = nullptr;
  std::optional<std::uint64_t> begins_ns_;  ///< from the first packet to its beginning
  std::optional<planned_end> plan_;
  std::optional<os_ending> ending_;
  std::uint64_t told_ns_ = 0;  ///< when its end is
  bool told_ = false;
  bool first_is_written_ = false;
  bool stopped_ = false;
  bool root_has_ended_ = false;
};

}  // namespace mote::detail
