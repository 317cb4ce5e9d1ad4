// One handler for three signals, put before what was there.
//
// F1  A handler reads `before` without a lock: it is complete before ours is installed, and changes only after ours has been
//     taken out again.
// F2  in_chain stays set while somebody else's handler may still call ours: then ours is not installed a second time, or it
//     would come to stand behind itself.
#include "runtime/os/fault_watch.hpp"

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace mote::detail {

namespace {

using looker = bool (*)(const fault&) noexcept;

struct watched {
  const int number;
  struct sigaction before {};
  bool in_chain = false;
};

std::mutex lock;  // of all but what handlers read
unsigned watches = 0;
std::array<watched, 3> signals{{{SIGSEGV}, {SIGBUS}, {SIGTRAP}}};
std::atomic<looker> look_first{nullptr};

// Whoever had the signal before has it now, as if it had come straight there.
void pass_on(const struct sigaction& before, int number, siginfo_t* what, void* machine_state) noexcept {
  if ((before.sa_flags & SA_SIGINFO) != 0) return before.sa_sigaction(number, what, machine_state);
  if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return before.sa_handler(number);
  const bool sent = what->si_code <= 0;  // by kill or raise: nothing will fault again
  if (sent && before.sa_handler == SIG_IGN) return;
  ::sigaction(number, &before, nullptr);
  if (sent) ::raise(number);  // delivered when this handler returns
}

void handle(int number, siginfo_t* what, void* machine_state) {
  const int error = errno;
  const looker look = look_first.load(acquire);
  const bool wanted = number == SIGTRAP ? what->si_code == TRAP_TRACE : what->si_code > 0;
  const bool mended = look != nullptr && wanted && look(fault(what->si_addr, machine_state, number == SIGTRAP));
  errno = error;
  if (mended) return;
  for (const watched& each : signals) {
    if (each.number == number) pass_on(each.before, number, what, machine_state);  // F1
  }
}

bool is_ours(int number) noexcept {
  struct sigaction now {};
  return ::sigaction(number, nullptr, &now) == 0 && (now.sa_flags & SA_SIGINFO) != 0 && now.sa_sigaction == &handle;
}

// Under the lock. What the earlier handler wanted blocked, or open, while it runs holds for ours, which calls it.
void install(watched& which) noexcept {
  if (which.in_chain) return;  // F2
  MOTE_CHECK(::sigaction(which.number, nullptr, &which.before) == 0);
  struct sigaction ours = which.before;
  ours.sa_sigaction = &handle;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | (which.before.sa_flags & SA_NODEFER);
  MOTE_CHECK(::sigaction(which.number, &ours, nullptr) == 0);
  which.in_chain = true;
}

}  // namespace

fault_watch::fault_watch(bool (*look)(const fault&) noexcept) noexcept {
  const std::lock_guard hold(lock);
  know_system_libraries();
  look_first.store(look, release);
  if (watches++ != 0) return;
  for (watched& each : signals) install(each);
}

fault_watch::~fault_watch() {
  const std::lock_guard hold(lock);
  if (--watches != 0) return;
  for (watched& each : signals) {
    if (!is_ours(each.number)) continue;
    MOTE_CHECK(::sigaction(each.number, &each.before, nullptr) == 0);
    each.in_chain = false;
  }
}

}  // namespace mote::detail
