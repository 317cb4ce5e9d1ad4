#include "runtime/sim/watch.hpp"

#include "runtime/base/atomic.hpp"
#include "runtime/os/blocked_signals.hpp"
#include "runtime/os/signal_chain.hpp"
#include "runtime/os/symbols.hpp"

#include <execinfo.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

namespace mote::detail {

namespace {

constexpr int most_frames = 48;

// One that nobody else is likely to use: SIGURG halts threads for a look (runtime/os/halt.hpp), and lets them go on.
int stop_signal() noexcept { return SIGRTMAX; }

// What the stopped thread leaves for the watch. One is stopped at a time.
std::array<void*, most_frames> frames_seen;
std::atomic<int> frame_count{-1};  // O1: with frames_seen
std::atomic<bool> is_asked{false};

chained_signal stop_chain;

// On the thread that is to stop: it does not come back from here, and takes no other signal. One that nobody here has asked for is the
// program's.
void stop_here(int, siginfo_t* what, void* machine_state) {
  if (!is_asked.exchange(false)) return stop_chain.pass_on(what, machine_state);
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
  frame_count.store(::backtrace(frames_seen.data(), most_frames), release);  // O1
  for (;;) ::pause();
}

std::string told_frames(int count) {
  std::string all;
  constexpr int own_frames = 2;  // the handler, and the system's
  for (int i = std::min(own_frames, count); i < count; ++i) {
    all.append("    at ").append(function_at(static_cast<const std::byte*>(frames_seen[static_cast<std::size_t>(i)]) - 1)).append("\n");
  }
  return all;
}

}  // namespace

/// Its thread begins with the first run that is watched, and ends with the program. The handler is there while runs are.
class watchman {
 public:
  static watchman& only() {
    static watchman one;
    return one;
  }

  void add(stuck_watch& one) {
    const std::lock_guard hold(lock_);
    if (!thread_.joinable()) begin();
    if (watched_.empty()) stop_chain.install(stop_signal(), &stop_here);
    one.seen_ = std::chrono::steady_clock::now();
    watched_.push_back(&one);
    if (one.limit_ < shortest_) changed_.notify_one();
    shortest_ = std::min(shortest_, one.limit_);
  }
  void remove(stuck_watch& one) {
    std::unique_lock hold(lock_);
    std::erase(watched_, &one);
    changed_.wait(hold, [&] { return busy_with_ != &one; });
    const bool may_come_yet = is_asked.load();  // to a thread that did not stop in time
    if (watched_.empty() && !may_come_yet) stop_chain.remove();
  }
  template <class Step>
  void locked(Step&& step) {
    const std::lock_guard hold(lock_);
    step();
  }

 private:
  watchman() = default;
  ~watchman() {
    {
      const std::lock_guard hold(lock_);
      ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  void begin() {
    std::array<void*, 2> first;
    static_cast<void>(::backtrace(first.data(), 2));  // the first call loads a library, which a handler must not
    const blocked_signals from_the_start;
    thread_ = std::thread([this] { work(); });
  }

  void work() {
    std::unique_lock hold(lock_);
    while (!ending_) {
      changed_.wait_for(hold, std::max(shortest_ / 4, std::chrono::milliseconds(1)));
      if (stuck_watch* const stuck = find_stuck()) stop(*stuck, hold);
    }
  }

  stuck_watch* find_stuck() {
    const auto now = std::chrono::steady_clock::now();
    for (stuck_watch* const one : watched_) {
      const std::uint64_t steps = one->steps_();
      if (steps != one->seen_steps_ || one->done_ || !one->has_thread_) {
        one->seen_steps_ = steps;
        one->seen_ = now;
      } else if (now - one->seen_ >= one->limit_) {
        return one;
      }
    }
    return nullptr;
  }

  void stop(stuck_watch& stuck, std::unique_lock<std::mutex>& hold) {
    stuck.done_ = true;
    busy_with_ = &stuck;
    hold.unlock();
    frame_count.store(-1);
    is_asked.store(true);
    ::pthread_kill(stuck.thread_, stop_signal());
    for (int waited_ms = 0; frame_count.load(acquire) < 0 && waited_ms < 2'000; ++waited_ms) ::usleep(1'000);  // O1
    stuck.gave_up_(told_frames(frame_count.load(acquire)));
    hold.lock();
    busy_with_ = nullptr;
    changed_.notify_all();
  }

  std::mutex lock_;
  std::condition_variable changed_;
  std::vector<stuck_watch*> watched_;
  stuck_watch* busy_with_ = nullptr;
  std::chrono::milliseconds shortest_{1'000};
  bool ending_ = false;
  std::thread thread_;
};

stuck_watch::stuck_watch(std::function<std::uint64_t()> steps, std::chrono::milliseconds limit,
                         std::function<void(std::string)> gave_up)
    : steps_(std::move(steps)), limit_(limit), gave_up_(std::move(gave_up)) {
  watchman::only().add(*this);
}

stuck_watch::~stuck_watch() { watchman::only().remove(*this); }

void stuck_watch::begins_here() {
  sigset_t only_this;
  ::sigemptyset(&only_this);
  ::sigaddset(&only_this, stop_signal());
  ::pthread_sigmask(SIG_UNBLOCK, &only_this, nullptr);
  watchman::only().locked([this] {
    thread_ = ::pthread_self();
    has_thread_ = true;
  });
}

}  // namespace mote::detail
