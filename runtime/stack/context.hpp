// Leaving one stack for another. Everything that travels with a process travels here: its registers and floating-point
// control words, the exceptions it is handling, errno; and here the sanitizers learn of it.
//
// There is one switch, one instruction at which every suspended context goes on: the processor guesses it. It reads no
// thread-local: a context may leave on one thread and go on on another, so what belongs to a thread comes to it as the
// machine of whoever switched, and never from an address computed before.
//
// Published before saved. The context that leaves is complete only when the next one has arrived. Whoever arrives finds
// it in arrival::from, and publishes it, or frees its stack; the one that leaves must not.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/annotate.hpp"
#include "runtime/os/backtrace.hpp"
#include "runtime/stack/stack.hpp"

namespace mote::detail {

/// A suspended computation: its stack pointer, with the registers saved there. Good for one switch.
using context = void*;

/// The C++ runtime's record of exceptions being handled, of one thread or one process (Itanium ABI, __cxa_eh_globals).
struct exception_state {
  void* caught = nullptr;
  std::uint64_t uncaught = 0;  // an unsigned int, and its padding
};

/// What a thread that runs contexts lends to the one running. Belongs to its thread; only what runs there uses it.
struct machine {
  exception_state* exceptions = nullptr;  // this thread's
  int* error = nullptr;                   // this thread's errno
  stack* current = nullptr;               // what runs here now; nullptr: the thread's native stack
  const std::byte* native_low = nullptr;
  std::size_t native_bytes = 0;
  void* native_fiber = nullptr;

  /// Learns all of this from the calling thread, which runs on its native stack. To be called once, before any switch.
  void bind() noexcept;
  /// Instead of bind, before each switch from what is not its own: takes all from the machine that runs the caller, whose stack
  /// serves as the native one until the last switch back.
  void borrow(const machine& host) noexcept;

  /// How many exceptions are on their way through the running process's frames, as std::uncaught_exceptions, which is
  /// not to be trusted across a switch.
  MOTE_NO_SANITIZE int uncaught_exceptions() const noexcept {
    return static_cast<int>(static_cast<std::uint32_t>(exceptions->uncaught));
  }
};

/// What a context learns when it goes on, or starts.
struct arrival {
  context from;  // what was left for it
  machine* on;   // the machine it runs on now
};

/// Leaves the running context for to, which lies on to_stack (nullptr: the native stack of the thread that on belongs
/// to). on is the machine the caller runs on. Returns when somebody switches back, perhaps on another thread, with that
/// thread's machine. Exceptions in flight, errno and floating-point control words are then as they were. 8 ns, callers'
/// returns included.
arrival switch_context(context to, stack* to_stack, machine& on) noexcept;

/// As switch_context, for the last time: the context that leaves never goes on, its stack may be given away by whoever
/// arrives.
[[noreturn]] void leave_context(context to, stack* to_stack, machine& on) noexcept;

/// A context that runs entry on the stack from its top when first switched to, with no exception in flight, errno 0 and
/// default floating-point control words. entry never returns and lets no exception out; it ends by leave_context. Keeps
/// the stack's top page resident, nothing else. Unwinders and debuggers stop below entry.
context make_context(stack& on, void (*entry)(arrival), const machine* maker = nullptr) noexcept;

/// Where a suspended context goes on, for a walk of its stack. All zero where Boost.Context keeps it (runtime/stack/jump.hpp).
frame_registers saved_registers(context of) noexcept;

/// Makes the running context as good as new for another process: exceptions, errno, control words.
/// For a process that starts on the stack of one that ended, without a switch. Not where renewable is false.
void renew_context(machine& on) noexcept;

/// false: built for the thread sanitizer, which would report the frames of one process against those of the next in the
/// same place; there each process starts on a stack that came through stack_cache, where such traces are wiped.
#if defined(MOTE_TSAN)
inline constexpr bool renewable = false;
#else
inline constexpr bool renewable = true;
#endif

/// Exceptions abandoned in the running context are forgotten: for a terminate handler that switches away for good.
void forget_exceptions(machine& on) noexcept;

}  // namespace mote::detail
