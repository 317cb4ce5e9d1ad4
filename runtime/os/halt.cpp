#include "runtime/os/halt.hpp"

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/halt_look.hpp"
#include "runtime/os/signal_chain.hpp"

#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <mutex>

namespace mote::detail {

namespace {

std::mutex lock;  // of who installs
unsigned users = 0;
std::atomic<int> installed{0};  // the signal; 0: none
chained_signal chain;

basic_halt_look<halted_threads::most> look;
std::atomic<std::uint32_t> last_look{0};
std::array<halted_thread, halted_threads::most> threads;

void pause_a_little() noexcept {
  const ::timespec little{0, 50'000};
  ::syscall(SYS_nanosleep, &little, nullptr);
}

bool is_ours(const siginfo_t& what) noexcept {
  return what.si_code == SI_QUEUE && what.si_pid == ::getpid() && what.si_value.sival_int != 0;
}

void handle(int, siginfo_t* what, void* machine_state) {
  if (!is_ours(*what)) return chain.has_earlier() ? chain.pass_on(what, machine_state) : void();
  const int error = errno;
  const auto round = static_cast<std::uint32_t>(what->si_value.sival_int);
  std::size_t place = 0;
  if (look.take_place(round, place)) {
    threads[place] = {this_thread_number(), registers_of(machine_state)};
    look.arrive();
    while (look.lasts(round)) pause_a_little();
  }
  errno = error;
}

}  // namespace

halt_signal::halt_signal(int number) noexcept : number_(number) {
  if (number == 0) return;
  const std::lock_guard hold(lock);
  if (users++ != 0) return;
  chain.install(number, &handle);
  installed.store(number, release);  // O4
}

halt_signal::~halt_signal() {
  if (number_ == 0) return;
  const std::lock_guard hold(lock);
  if (--users != 0) return;
  installed.store(0, release);  // O4
  chain.remove();
}

int halting_signal() noexcept { return installed.load(acquire); }  // O4

// H1
bool halted_threads::begin(std::uint64_t wait_ns) noexcept {
  if (installed.load(acquire) == 0) return false;  // O4
  const std::uint64_t until = monotonic_ns() + wait_ns;
  std::uint32_t mine = 0;
  while (mine == 0) mine = last_look.fetch_add(1, relaxed) + 1;
  while (!look.try_begin(mine)) {
    if (monotonic_ns() >= until) return false;
    pause_a_little();
  }
  return mine_ = true;
}

void halted_threads::ask(int thread) noexcept {
  const int own = this_thread_number();
  if (thread == 0 || thread == own || asked_ == most) return;
  siginfo_t what{};
  what.si_signo = installed.load(relaxed);
  what.si_code = SI_QUEUE;
  what.si_pid = ::getpid();
  what.si_uid = ::getuid();
  what.si_value.sival_int = static_cast<int>(look.number());
  if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), thread, what.si_signo, &what) == 0) ++asked_;
}

void halted_threads::await(std::uint64_t wait_ns) noexcept {
  const std::uint64_t until = monotonic_ns() + wait_ns;
  while (look.arrived() < asked_ && monotonic_ns() < until) pause_a_little();
  count_ = look.close();  // H2
  while (!look.have_arrived(count_)) pause_a_little();
}

halted_threads::~halted_threads() {
  if (mine_) look.end();
}

const halted_thread& halted_threads::operator[](std::size_t index) const noexcept { return threads[index]; }

}  // namespace mote::detail
