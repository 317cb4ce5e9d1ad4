// Looking at a runtime from a thread that is none of its own, or from a signal handler: what all of it is doing, without a lock
// and without asking anyone. What may move meanwhile is read by the kernel (peek.hpp); control blocks are type-stable.
//
// C1  Nothing here waits, allocates, or trusts a pointer that another thread may change. So a look ends, whatever state the
//     program is in; where threads do not stand still, what it tells of one process may be of two moments.
#pragma once

#include "runtime/observe/snapshot.hpp"
#include "runtime/os/halt.hpp"
#include "runtime/process/core.hpp"

#include <array>
#include <cstddef>
#include <optional>

namespace mote::detail {

/// The registers of those threads that stand still, and of the one that looks.
class still_threads {
 public:
  enum class whom : bool { nobody, schedulers };

  /// Halts the threads of the schedulers, but the caller's; or nobody, because all sleep.
  still_threads(runtime& home, const frame_registers& own, whom halted = whom::schedulers) noexcept;
  /// Of the thread whose stack pointer lies there; nullptr: of none.
  const frame_registers* on(const std::byte* low, const std::byte* high) const noexcept;
  /// Whether all of the runtime's threads stand still.
  bool all() const noexcept { return halted_.size() >= wanted_.count; }

 private:
  static constexpr std::size_t most = halted_threads::most;
  struct thread_numbers {
    std::size_t count = 0;
    std::array<int, most> number;
  };
  static thread_numbers numbers_of(runtime& home) noexcept;

  frame_registers own_;
  thread_numbers wanted_;
  halted_threads halted_;
};

/// False: the block is nobody's, or the runtime's own.
bool collect(runtime& home, process& block, const still_threads& threads, process_record& into) noexcept;
void collect(runtime& home, const core& one, scheduler_record& into) noexcept;
void collect(runtime& home, const still_threads& threads, std::string_view cause, runtime_record& into) noexcept;

}  // namespace mote::detail
