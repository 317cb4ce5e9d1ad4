// A look at each memory fault before it takes its course: the runtime says what it knows of it, then whoever would have had
// the fault without it has it, a handler of the program's or the system, which ends the program with a core dump.
#pragma once

namespace mote::detail {

/// Watches SIGSEGV and SIGBUS of this OS process while one lives. Made and destroyed by any thread, not inside a handler;
/// several may live at a time, and all look alike.
/// look  called on the faulting thread with the address, on its signal stack if it has one (SA_ONSTACK); must be
///       async-signal-safe.
class fault_watch {
 public:
  explicit fault_watch(void (*look)(const void* address) noexcept) noexcept;
  /// Puts the earlier handlers back, but where the program has put one of its own over ours meanwhile: that stays, and what it
  /// passes to ours goes on to the earlier one.
  ~fault_watch();
  fault_watch(const fault_watch&) = delete;
  fault_watch& operator=(const fault_watch&) = delete;
};

}  // namespace mote::detail
