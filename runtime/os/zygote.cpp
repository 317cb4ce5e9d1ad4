// The program's side of the starter.
#include "runtime/os/zygote.hpp"

#include "runtime/base/annotate.hpp"
#include "runtime/os/membarrier.hpp"
#include "runtime/os/zygote_loop.hpp"

#include <array>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <span>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace mote::detail {

namespace {

#ifdef MOTE_TSAN
constexpr unsigned threads_of_sanitizer = 1;
#else
constexpr unsigned threads_of_sanitizer = 0;
#endif

/// The near end, for the rest of the program: its end is the starter's.
int control = -1;

// Forked twice: it is no child of the program's, whose own calls of wait() so never meet it.
bool fork_away(const descriptor& far, const descriptor& program, void (*body)(const os_process_start&)) {
  const pid_t middle = ::fork();
  if (middle < 0) return false;
  if (middle == 0) {
    if (::fork() == 0) run_zygote(far.get(), program.get(), body);
    ::_exit(0);
  }
  while (::waitpid(middle, nullptr, 0) < 0 && errno == EINTR) {
  }
  return true;
}

}  // namespace

unsigned count_threads() {
  std::error_code none;
  unsigned count = 0;
  for (std::filesystem::directory_iterator each("/proc/self/task", none), end; each != end; each.increment(none)) ++count;
  return count > threads_of_sanitizer ? count - threads_of_sanitizer : 1;
}

bool zygote_started() noexcept { return control >= 0; }

void forget_zygote() noexcept {
  if (control >= 0) ::close(std::exchange(control, -1));
}

bool start_zygote(void (*body)(const os_process_start&)) {
  if (zygote_started()) return true;
  if (count_threads() != 1) return false;
  // Who is forked inherits the registration. One with threads waits for it until every processor has passed through the
  // kernel's scheduler, some 10 ms; so each OS process would, after its first thread.
  static_cast<void>(membarrier_available());
  packet_pair ends = make_packet_pair();
  const descriptor program(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!program || !fork_away(ends.far, program, body)) return false;
  control = ends.near.release();
  return true;
}

int ask_zygote(const start_request& wish, const descriptor& channel, const descriptor& status, const descriptor& page) noexcept {
  const std::array<int, 3> attached{channel.get(), status.get(), page.get()};
  const packet_result sent = send_packet(control, std::as_bytes(std::span(&wish, 1)), attached);
  return sent.error == ECONNRESET ? EPIPE : sent.error;
}

}  // namespace mote::detail
