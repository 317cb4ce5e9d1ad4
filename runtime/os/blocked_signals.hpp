// Which signals the runtime's threads take: none that is meant for the program as a whole, so that the program's own threads
// get them, and no handler runs on a process's small stack.
#pragma once

#include <csignal>

namespace mote::detail {

/// While one lives, the calling thread gets no signals, nor do, for good, the threads that it starts; but for those of a fault
/// (SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS), which hit the thread that made it, and the one by which the library itself
/// halts threads (halt.hpp), if a halt_signal lives by then. One thread makes and destroys it.
class blocked_signals {
 public:
  blocked_signals() noexcept;
  ~blocked_signals();
  blocked_signals(const blocked_signals&) = delete;
  blocked_signals& operator=(const blocked_signals&) = delete;

  /// What the thread took before.
  const sigset_t& before() const noexcept { return before_; }

 private:
  sigset_t before_;
};

/// The calling thread takes these again.
void restore_signals(const sigset_t& before) noexcept;

}  // namespace mote::detail
