// The handler only rings; a thread that sleeps otherwise looks, and takes its time over names and text.
// O1  ending, before the last ring (release) -> the thread that it wakes (acquire).
#include "runtime/observe/quit.hpp"

#include "runtime/base/check.hpp"
#include "runtime/observe/dump.hpp"
#include "runtime/observe/runtime_list.hpp"
#include "runtime/os/blocked_signals.hpp"
#include "runtime/os/this_thread.hpp"

#include <semaphore.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <mutex>
#include <thread>

namespace mote::detail {

namespace {

std::mutex lock;  // of who installs
unsigned watches = 0;
struct sigaction before {};
std::thread dumper;
::sem_t rung;
std::atomic<bool> ending{false};

void handle(int) {
  const int error = errno;
  ::sem_post(&rung);
  errno = error;
}

void dump_all() noexcept {
  observed_runtimes.for_each([](runtime& home) {
    if (!home.settings.dump_on_quit) return;
    try {
      snapshot all(home);
      all.take(still_threads(home, registers_here()), "SIGQUIT");
      std::fputs(all.as_text().c_str(), stderr);
    } catch (const std::exception& failed) {
      std::fprintf(stderr, "mote: no dump: %s\n", failed.what());
    }
  });
}

void wait_and_dump() noexcept {
  static_cast<void>(name_this_thread("mote/dump"));
  for (;;) {
    while (::sem_wait(&rung) != 0) {
    }
    if (ending.load(acquire)) return;  // O1
    dump_all();
  }
}

}  // namespace

void watch_for_quit() {
  const std::lock_guard hold(lock);
  if (watches == 0) {
    MOTE_CHECK(::sem_init(&rung, 0, 0) == 0);
    ending.store(false, relaxed);
    {
      const blocked_signals from_the_start;
      dumper = std::thread(&wait_and_dump);
    }
    struct sigaction ours {};
    ours.sa_handler = &handle;
    ours.sa_flags = SA_ONSTACK | SA_RESTART;
    MOTE_CHECK(::sigaction(SIGQUIT, &ours, &before) == 0);
  }
  ++watches;
}

void forget_quit() noexcept {
  const std::lock_guard hold(lock);
  if (--watches != 0) return;
  struct sigaction now {};
  if (::sigaction(SIGQUIT, nullptr, &now) == 0 && now.sa_handler == &handle) ::sigaction(SIGQUIT, &before, nullptr);
  ending.store(true, release);  // O1
  ::sem_post(&rung);
  dumper.join();
}

}  // namespace mote::detail
