#include "runtime/os/signal_chain.hpp"

#include "runtime/base/check.hpp"

namespace mote::detail {

void chained_signal::install(int number, handler ours) noexcept {
  if (in_chain_) return;  // F2
  number_ = number;
  ours_ = ours;
  MOTE_CHECK(::sigaction(number, nullptr, &before_) == 0);
  struct sigaction wanted = before_;
  wanted.sa_sigaction = ours;
  wanted.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART | (before_.sa_flags & SA_NODEFER);
  MOTE_CHECK(::sigaction(number, &wanted, nullptr) == 0);
  in_chain_ = true;
}

void chained_signal::remove() noexcept {
  struct sigaction now {};
  const bool ours = ::sigaction(number_, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == ours_;
  if (!ours) return;
  MOTE_CHECK(::sigaction(number_, &before_, nullptr) == 0);
  in_chain_ = false;
}

void chained_signal::pass_on(siginfo_t* what, void* machine_state) const noexcept {
  if ((before_.sa_flags & SA_SIGINFO) != 0) return before_.sa_sigaction(number_, what, machine_state);
  if (before_.sa_handler != SIG_DFL && before_.sa_handler != SIG_IGN) return before_.sa_handler(number_);
  const bool sent = what->si_code <= 0;  // by kill or raise: nothing will fault again
  if (sent && before_.sa_handler == SIG_IGN) return;
  ::sigaction(number_, &before_, nullptr);
  if (sent) ::raise(number_);  // delivered when this handler returns
}

}  // namespace mote::detail
