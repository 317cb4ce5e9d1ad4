// A stack for a thread's signal handlers. The stacks of processes are small, and one signal frame may take 11 KiB, so
// each thread of the runtime has a stack of its own for handlers, which are installed with SA_ONSTACK.
#pragma once

#include <signal.h>

#include <cstddef>

namespace mote::detail {

/// Gives the calling thread a signal stack while it lives, then restores the one that was there. Made and destroyed by
/// one thread, and not inside a handler.
class signal_stack {
 public:
  /// Throws  std::system_error, when the kernel has no memory for it, or refuses.
  signal_stack();
  ~signal_stack();
  signal_stack(const signal_stack&) = delete;
  signal_stack& operator=(const signal_stack&) = delete;

  /// The kernel's least signal stack on this processor (AT_MINSIGSTKSZ) and 64 KiB for what the handlers do.
  static std::size_t usable_bytes() noexcept;

 private:
  std::byte* memory_;  // a closed page, then the stack
  stack_t before_{};
};

/// AT_MINSIGSTKSZ in bytes, what the frame of one signal takes; MINSIGSTKSZ where the kernel does not say.
std::size_t least_signal_stack_bytes() noexcept;

}  // namespace mote::detail
