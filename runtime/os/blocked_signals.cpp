#include "runtime/os/blocked_signals.hpp"

#include "runtime/base/check.hpp"
#include "runtime/os/halt.hpp"

#include <initializer_list>

namespace mote::detail {

// A fault's signal that is blocked ends the program without a word: no handler gets it.
blocked_signals::blocked_signals() noexcept {
  sigset_t all;
  sigfillset(&all);
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) sigdelset(&all, fault);
  if (const int own = halting_signal(); own != 0) sigdelset(&all, own);
  MOTE_CHECK(::pthread_sigmask(SIG_BLOCK, &all, &before_) == 0);
}

blocked_signals::~blocked_signals() { restore_signals(before_); }

void restore_signals(const sigset_t& before) noexcept { MOTE_CHECK(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0); }

}  // namespace mote::detail
