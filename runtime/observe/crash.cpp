// What is done when the program crashes: the dump to a file, some lines to stderr, and then the signal goes on to whoever had it.
//
// K1  One thread dumps, the first that crashes; others that crash meanwhile wait for the end of the program. A crash inside of
//     the dump ends it: what is written so far stays, and the signal takes its course.
// O1  the end of a dump (release) -> the next one's beginning (acquire).
#include "runtime/observe/crash.hpp"

#include "runtime/base/plain_line.hpp"
#include "runtime/observe/dump.hpp"
#include "runtime/observe/runtime_list.hpp"
#include "runtime/os/signal_chain.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <mutex>

namespace mote::detail {

namespace {

std::mutex lock;  // of all but what the handler reads
unsigned watches = 0;
std::array<chained_signal, 6> chain;
constexpr std::array<int, 6> numbers{SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGSYS};
constexpr std::array<std::string_view, 6> names{"SIGSEGV", "SIGBUS", "SIGABRT", "SIGILL", "SIGFPE", "SIGSYS"};
constexpr std::size_t most_path = 1024;
short_text<most_path> path;
std::atomic<int> dumper{0};  // the kernel's number of the thread that dumps

std::string_view name_of(int number) noexcept {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] == number) return names[i];
  }
  return "a signal";
}

// %p stands for the number of the OS process. -1 with errno: there is none.
int open_file(plain_line& told) noexcept {
  plain_line name;
  const std::string_view given = path.view();
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (given.substr(i, 2) == "%p") {
      name << static_cast<std::uint64_t>(::getpid());
      ++i;
    } else {
      name << given.substr(i, 1);
    }
  }
  told << name.view().substr(0, most_path);  // so that what follows has room
  if (name.is_full()) {
    errno = ENAMETOOLONG;
    return -1;
  }
  return ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
}

plain_line cause_of(int number, const siginfo_t& what) noexcept {
  plain_line cause;
  cause << "crashed: " << name_of(number);
  if (what.si_code > 0 && number != SIGABRT) cause << " at address ", cause.hex(reinterpret_cast<std::uint64_t>(what.si_addr));
  const core* const here = current_core();
  if (here != nullptr && here->running() != nullptr) {
    const process& self = *here->current();
    cause << " in process " << here->home.table.pid_of(self.key());
  } else {
    cause << " in thread " << static_cast<std::uint64_t>(this_thread_number()) << ", which runs no process";
  }
  return cause;
}

bool write_all(int file, std::string_view cause, const frame_registers& own) noexcept {
  json_out out(file);
  out.begin('{').key("mote_dump").number(1).key("runtimes").begin('[');
  observed_runtimes.for_each([&](runtime& home) {
    if (!home.settings.crash_dump.empty()) write_json(out, home, still_threads(home, own), cause);
  });
  out.end(']').end('}').last_line();
  return out.flush();
}

void dump_crash(int number, const siginfo_t& what, const frame_registers& own) noexcept {
  const plain_line cause = cause_of(number, what);
  plain_line told;
  told << "mote: " << cause.view() << "\nmote: the dump is in ";
  const int file = open_file(told);
  const bool done = file >= 0 && write_all(file, cause.view(), own);
  if (file >= 0) ::close(file);
  if (done) {
    told << "; mote-dump reads it\n";
  } else {
    told << ", or would be: it could not be written (" << words_for(errno) << ")\n";
  }
  told.print();
}

[[noreturn]] void wait_for_the_end() noexcept {
  for (;;) {
    const ::timespec long_time{1, 0};
    ::syscall(SYS_nanosleep, &long_time, nullptr);
  }
}

// K1
void handle(int number, siginfo_t* what, void* machine_state) {
  const int error = errno;
  const int self = this_thread_number();
  int none = 0;
  if (dumper.compare_exchange_strong(none, self, acquire)) {  // O1
    dump_crash(number, *what, registers_of(machine_state));
  } else if (none != self) {
    wait_for_the_end();
  }
  errno = error;
  for (const chained_signal& each : chain) {
    if (each.number() == number) each.pass_on(what, machine_state);
  }
  dumper.store(0, release);  // O1; somebody before us has mended it
}

}  // namespace

void watch_for_crash(std::string_view file) noexcept {
  const std::lock_guard hold(lock);
  path.assign(file);
  if (watches++ != 0) return;
  for (std::size_t i = 0; i < chain.size(); ++i) chain[i].install(numbers[i], &handle);
}

void forget_crash() noexcept {
  const std::lock_guard hold(lock);
  if (--watches != 0) return;
  for (chained_signal& each : chain) each.remove();
}

}  // namespace mote::detail
