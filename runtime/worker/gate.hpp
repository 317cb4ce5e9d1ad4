// Inside of an OS process that was started for an isolated process: the way to the program, for everyone here.
//
// G1  The isolated process is the first of its runtime, the gate the second: so the pid of the first is known to the program
//     before it runs, and the end of the first is told by the gate.
// G2  Whoever has mail for somebody abroad packs it, hears at once if it cannot cross, and gives it to the gate.
// G3  What is packed leaves at once where nothing is queued before it, and is queued with the gate otherwise: so it is in order,
//     and has left even if its sender goes on to crash, or to compute without end.
// G4  When the program is gone, so is the OS process, at once.
#pragma once

#include "runtime/worker/porter.hpp"

#include <mote/detail/isolated.hpp>

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace mote::detail {

class outland final : public abroad {
 public:
  explicit outland(runtime& home) noexcept : home_(home) {}

  forwarded forward(pid to, envelope_ptr mail, moment when) override;
  /// Before anyone runs; null: there is no way any more.
  void use(wire* way) {
    const std::lock_guard hold(lock_);
    way_ = way;
  }
  /// The gate has put so many of the frames queued with it on their way.
  void carried(std::size_t frames) {
    const std::lock_guard hold(lock_);
    queued_ -= frames;
  }

  bool has_ended(std::uint64_t) const noexcept override { return false; }  // who ends there tells it
  std::uint64_t stand_in_for(pid) const noexcept override { return 0; }
  pid stood_for(std::uint64_t key) const noexcept override { return home_.table.pid_of(key); }

 private:
  runtime& home_;
  std::mutex lock_;
  wire* way_ = nullptr;
  std::size_t queued_ = 0;
};

/// What the first process runs.
struct isolated_first {
  isolated_body body;
  std::vector<std::byte>* arguments;  ///< outlive it
  static void run(void* place);
  static void drop(void*) noexcept {}
};
/// What the gate runs.
struct gate_body {
  wire* way;  ///< outlives it
  static void run(void* place);
  static void drop(void*) noexcept {}
};
inline constexpr closure_type isolated_first_type{sizeof(isolated_first), alignof(isolated_first), &isolated_first::run,
                                                  &isolated_first::drop};
inline constexpr closure_type gate_type{sizeof(gate_body), alignof(gate_body), &gate_body::run, &gate_body::drop};

struct prepared_isolated {
  std::unique_ptr<runtime> home;
  std::unique_ptr<wire> way;
  process *first, *second;
};
/// A runtime for what the frame says, and its first two processes in it, not yet started.
/// host: whose guest it is to be, if it is simulated. open: makes the way to the program. It stands before anyone runs (G3).
prepared_isolated prepare_isolated_runtime(start_frame& start, options given, runtime* host,
                                           const std::function<std::unique_ptr<wire>(runtime& home)>& open);

}  // namespace mote::detail
