// The starter's own side: forks, reaps, kills, tells. It never returns, and allocates little. zygote.hpp tells the rules.
#include "runtime/os/zygote_loop.hpp"

#include "runtime/os/text_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <span>
#include <sstream>
#include <string>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace mote::detail {

namespace {

// Keeps these descriptors and the three standard ones, and closes all others.
void close_others(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned from = 3;
  for (const int each : kept) {
    const auto number = static_cast<unsigned>(each);
    if (number > from) ::syscall(SYS_close_range, from, number - 1, 0);
    from = std::max(from, number + 1);
  }
  ::syscall(SYS_close_range, from, ~0u, 0);
}

void take_no_input() {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing < 0) return;
  ::dup2(nothing, 0);
  if (nothing != 0) ::close(nothing);
}

void unblock_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// How often the system has killed one of this cgroup for want of memory. 0 where that cannot be seen.
std::uint64_t oom_kills() {
  static const std::string path = [] {
    const std::string own = read_text("/proc/self/cgroup");
    const auto at = own.rfind("0::");
    if (at == std::string::npos) return std::string();
    return "/sys/fs/cgroup" + own.substr(at + 3, own.find('\n', at) - at - 3) + "/memory.events";
  }();
  const std::string events = path.empty() ? path : read_text(path);
  const auto at = events.find("oom_kill ");
  return at == std::string::npos ? 0 : std::strtoull(events.c_str() + at + 9, nullptr, 10);
}

struct child {
  pid_t number = 0;
  descriptor status;
  bool asked_for = false;
};

class zygote_loop {
 public:
  zygote_loop(int control, int program, void (*body)(const os_process_start&))
      : control_(control), program_(program), body_(body) {}

  [[noreturn]] void run() {
    prepare();
    for (;;) {
      std::vector<pollfd> all{{program_, POLLIN, 0}, {control_, POLLIN, 0}, {signals_, POLLIN, 0}};
      for (const child& each : children_) all.push_back({each.asked_for ? -1 : each.status.get(), POLLIN, 0});
      if (::poll(all.data(), all.size(), -1) < 0) continue;
      if (all[0].revents != 0) end();
      for (std::size_t i = 0; i < children_.size(); ++i) {
        if (all[3 + i].revents != 0) kill(children_[i]);
      }
      if (all[2].revents != 0) reap();
      if (all[1].revents != 0) serve();
    }
  }

 private:
  // Away from the terminal and its signals; nothing of the program's open.
  void prepare() {
    ::setsid();
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t watched;
    ::sigemptyset(&watched);
    ::sigaddset(&watched, SIGCHLD);
    ::sigprocmask(SIG_SETMASK, &watched, nullptr);
    ::prctl(PR_SET_NAME, "mote-starter");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // Z2
    close_others({control_, program_});
    take_no_input();
    signals_ = ::signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
    oom_before_ = oom_kills();
    number_ = ::getpid();
  }

  void serve() {
    start_request wish;
    std::array<descriptor, 3> given;
    const packet_result got = receive_packet(control_, std::as_writable_bytes(std::span(&wish, 1)), given);
    if (got.error == EAGAIN || got.error == EINTR) return;
    if (got.error != 0 || got.bytes == 0) end();  // the program has closed it
    if (got.bytes != sizeof(wish) || !given[2]) return;
    const pid_t number = ::fork();
    if (number == 0) become(wish, given[0].get(), given[2].get());
    if (number < 0) {
      os_ending failed;
      failed.started_error = errno;
      send_packet(given[1].get(), std::as_bytes(std::span(&failed, 1)));
      return;
    }
    children_.push_back({number, std::move(given[1]), false});
  }

  [[noreturn]] void become(const start_request& wish, int channel, int page) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != number_) ::_exit(0);  // the starter died before that stood
    ::setsid();
    ::prctl(PR_SET_NAME, "mote-isolated");
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // Z2
    close_others({channel, page});
    unblock_signals();
    if (wish.max_memory_bytes != 0) {
      const rlimit most{wish.max_memory_bytes, wish.max_memory_bytes};
      ::setrlimit(RLIMIT_AS, &most);
    }
    body_({channel, page});
    ::_exit(0);
  }

  // Its whole session; what has left that is swept when it has ended.
  void kill(child& one) {
    std::byte ignored{};
    static_cast<void>(receive_packet(one.status.get(), std::span(&ignored, 1), {}));
    one.asked_for = true;
    ::kill(one.number, SIGKILL);   // Z1
    ::kill(-one.number, SIGKILL);
  }

  bool is_own(pid_t number) const {
    for (const child& each : children_) {
      if (each.number == number) return true;
    }
    return false;
  }

  // Z2. True: there was somebody.
  bool sweep() const {
    std::istringstream list(read_text("/proc/thread-self/children"));
    bool found = false;
    for (pid_t each = 0; list >> each;) {
      if (is_own(each)) continue;
      found = true;
      ::kill(each, SIGKILL);
    }
    return found;
  }

  void reap() {
    signalfd_siginfo ignored;
    while (::read(signals_, &ignored, sizeof(ignored)) > 0) {
    }
    while (reap_one(WNOHANG)) {
    }
  }

  bool reap_one(int how) {
    siginfo_t news{};
    if (::waitid(P_ALL, 0, &news, WEXITED | WNOWAIT | how) != 0 || news.si_pid == 0) return false;
    const pid_t number = news.si_pid;
    if (is_own(number)) ::kill(-number, SIGKILL);  // what is left of its session, while the number is still its own
    ::waitid(P_PID, static_cast<id_t>(number), &news, WEXITED);
    const auto found = std::find_if(children_.begin(), children_.end(), [&](const child& each) { return each.number == number; });
    if (found == children_.end()) return true;
    const child gone = std::move(*found);
    children_.erase(found);
    clear_up();
    tell(gone, news);
    return true;
  }

  // Waits, a little while, until all that it had started is gone too.
  void clear_up() {
    for (int round = 0; round < 200 && sweep(); ++round) {
      siginfo_t news{};
      while (::waitid(P_ALL, 0, &news, WEXITED | WNOHANG | WNOWAIT) == 0 && news.si_pid != 0 && !is_own(news.si_pid)) {
        ::waitid(P_PID, static_cast<id_t>(news.si_pid), &news, WEXITED | WNOHANG);
        news = {};
      }
      ::poll(nullptr, 0, 1);
    }
  }

  void tell(const child& gone, const siginfo_t& news) {
    os_ending told;
    told.status = news.si_status;
    told.by_signal = news.si_code != CLD_EXITED;
    told.asked_for = gone.asked_for;
    const std::uint64_t oom_now = oom_kills();
    told.out_of_memory = told.by_signal && news.si_status == SIGKILL && !gone.asked_for && oom_now > oom_before_;
    oom_before_ = oom_now;
    send_packet(gone.status.get(), std::as_bytes(std::span(&told, 1)));
  }

  // The program is no more: so is everything else.
  [[noreturn]] void end() {
    for (child& each : children_) kill(each);
    while (!children_.empty() && reap_one(0)) {
    }
    clear_up();
    ::_exit(0);
  }

  const int control_, program_;
  void (*const body_)(const os_process_start&);
  int signals_ = -1;
  pid_t number_ = 0;
  std::uint64_t oom_before_ = 0;
  std::vector<child> children_;
};

}  // namespace

void run_zygote(int control, int program, void (*body)(const os_process_start&)) {
  zygote_loop(control, program, body).run();
}

}  // namespace mote::detail
