// A look at each memory fault before it takes its course. One that the runtime can mend ends there; any other goes to whoever
// would have had it without: a handler of the program's, or the system, which ends the program with a core dump.
#pragma once

#include "runtime/os/fault.hpp"

namespace mote::detail {

/// Watches SIGSEGV, SIGBUS and SIGTRAP (for steps alone) of this OS process while one lives. Made and destroyed by any thread, not inside a handler;
/// several may live at a time, and all look alike.
/// look  called for each fault, and for each step it asked for, on the faulting thread, on its signal stack if it has one (SA_ONSTACK); must be async-signal-safe. True: the
///       thread may go on, where it was or where `look` sent it.
class fault_watch {
 public:
  explicit fault_watch(bool (*look)(const fault& what) noexcept) noexcept;
  /// Puts the earlier handlers back, but where the program has put one of its own over ours meanwhile: that stays, and what it
  /// passes to ours goes on to the earlier one.
  ~fault_watch();
  fault_watch(const fault_watch&) = delete;
  fault_watch& operator=(const fault_watch&) = delete;
};

}  // namespace mote::detail
