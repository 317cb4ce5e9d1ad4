// One handler for three signals, put before what was there.
// O1  what is ready for a look, then look_first (release) -> the handler (acquire).
#include "runtime/os/fault_watch.hpp"

#include "runtime/base/atomic.hpp"
#include "runtime/os/signal_chain.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace mote::detail {

namespace {

using looker = bool (*)(const fault&) noexcept;

std::mutex lock;  // of all but what handlers read
unsigned watches = 0;
constexpr std::array<int, 3> numbers{SIGSEGV, SIGBUS, SIGTRAP};
std::array<chained_signal, numbers.size()> chain;
std::atomic<looker> look_first{nullptr};

void handle(int number, siginfo_t* what, void* machine_state) {
  const int error = errno;
  const looker look = look_first.load(acquire);  // O1
  const bool wanted = number == SIGTRAP ? what->si_code == TRAP_TRACE : what->si_code > 0;
  const bool mended = look != nullptr && wanted && look(fault(what->si_addr, machine_state, number == SIGTRAP));
  errno = error;
  if (mended) return;
  for (const chained_signal& each : chain) {
    if (each.number() == number) each.pass_on(what, machine_state);
  }
}

}  // namespace

fault_watch::fault_watch(bool (*look)(const fault&) noexcept) noexcept {
  const std::lock_guard hold(lock);
  know_system_libraries();
  look_first.store(look, release);  // O1
  if (watches++ != 0) return;
  for (std::size_t i = 0; i < chain.size(); ++i) chain[i].install(numbers[i], &handle);
}

fault_watch::~fault_watch() {
  const std::lock_guard hold(lock);
  if (--watches != 0) return;
  for (chained_signal& each : chain) each.remove();
}

}  // namespace mote::detail
