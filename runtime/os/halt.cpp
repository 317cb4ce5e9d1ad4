#include "runtime/os/halt.hpp"

#include "runtime/base/atomic.hpp"
#include "runtime/base/check.hpp"
#include "runtime/os/clock.hpp"
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

// The look under way: its number above, below it how many places are taken; at `most` nobody comes any more. 0: there is none.
std::atomic<std::uint64_t> look{0};
std::atomic<std::uint32_t> last_look{0};
std::atomic<std::uint32_t> arrived{0};  // of the places taken, filled in
std::array<halted_thread, halted_threads::most> threads;

constexpr std::uint64_t state_of(std::uint32_t round, std::size_t places) noexcept { return std::uint64_t{round} << 32 | places; }
constexpr std::uint32_t round_of(std::uint64_t state) noexcept { return static_cast<std::uint32_t>(state >> 32); }
constexpr std::size_t places_of(std::uint64_t state) noexcept { return static_cast<std::uint32_t>(state); }

void pause_a_little() noexcept {
  const ::timespec little{0, 50'000};
  ::syscall(SYS_nanosleep, &little, nullptr);
}

// H2. False: that look is over, or nobody comes to it any more.
bool take_place(std::uint32_t round, std::size_t& place) noexcept {
  std::uint64_t seen = look.load(relaxed);
  do {
    place = places_of(seen);
    if (round_of(seen) != round || place == threads.size()) return false;
  } while (!look.compare_exchange_weak(seen, seen + 1, acquire, relaxed));  // O3
  return true;
}

bool is_ours(const siginfo_t& what) noexcept {
  return what.si_code == SI_QUEUE && what.si_pid == ::getpid() && what.si_value.sival_int != 0;
}

void handle(int, siginfo_t* what, void* machine_state) {
  if (!is_ours(*what)) return chain.has_earlier() ? chain.pass_on(what, machine_state) : void();
  const int error = errno;
  const auto round = static_cast<std::uint32_t>(what->si_value.sival_int);
  std::size_t place = 0;
  if (take_place(round, place)) {
    threads[place] = {this_thread_number(), registers_of(machine_state)};
    arrived.fetch_add(1, release);  // O1
    while (round_of(look.load(acquire)) == round) pause_a_little();  // O2
  }
  errno = error;
}

}  // namespace

halt_signal::halt_signal(int number) noexcept : number_(number) {
  if (number == 0) return;
  const std::lock_guard hold(lock);
  if (users++ != 0) return;
  chain.install(number, &handle);
  installed.store(number, release);
}

halt_signal::~halt_signal() {
  if (number_ == 0) return;
  const std::lock_guard hold(lock);
  if (--users != 0) return;
  installed.store(0, release);
  chain.remove();
}

int halting_signal() noexcept { return installed.load(acquire); }

// H1
bool halted_threads::begin(std::uint64_t wait_ns) noexcept {
  if (installed.load(acquire) == 0) return false;
  const std::uint64_t until = monotonic_ns() + wait_ns;
  std::uint32_t mine = 0;
  while (mine == 0) mine = last_look.fetch_add(1, relaxed) + 1;
  for (std::uint64_t none = 0; !look.compare_exchange_strong(none, state_of(mine, 0), acq_rel, relaxed); none = 0) {  // O3
    if (monotonic_ns() >= until) return false;
    pause_a_little();
  }
  arrived.store(0, relaxed);  // nobody of the look before is between its place and here (H2)
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
  what.si_value.sival_int = static_cast<int>(round_of(look.load(relaxed)));
  if (::syscall(SYS_rt_tgsigqueueinfo, ::getpid(), thread, what.si_signo, &what) == 0) ++asked_;
}

void halted_threads::await(std::uint64_t wait_ns) noexcept {
  const std::uint64_t until = monotonic_ns() + wait_ns;
  while (arrived.load(relaxed) < asked_ && monotonic_ns() < until) pause_a_little();
  count_ = places_of(look.exchange(state_of(round_of(look.load(relaxed)), most), relaxed));  // H2
  while (arrived.load(acquire) < count_) pause_a_little();                                     // O1
}

halted_threads::~halted_threads() {
  if (mine_) look.store(0, release);  // O2 O3
}

const halted_thread& halted_threads::operator[](std::size_t index) const noexcept { return threads[index]; }

}  // namespace mote::detail
