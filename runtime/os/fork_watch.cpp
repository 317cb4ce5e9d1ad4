#include "runtime/os/fork_watch.hpp"

#include "runtime/base/atomic.hpp"

#include <mutex>
#include <new>
#include <pthread.h>

namespace mote::detail {

namespace {

constinit std::atomic<std::uint32_t> forks{0};
constinit std::mutex lock;
constinit bool watched = false;  // under the lock
constinit fork_steps around{};   // before `watched`

}  // namespace

std::uint32_t forks_seen() noexcept { return forks.load(std::memory_order_relaxed); }

void watch_forks(const fork_steps& steps) {
  const std::lock_guard hold(lock);
  if (watched) return;
  around = steps;
  const auto before = [] { around.before(); };
  const auto in_parent = [] { around.in_parent(); };
  const auto in_child = [] {
    forks.fetch_add(1, std::memory_order_relaxed);
    around.in_child();
  };
  if (::pthread_atfork(before, in_parent, in_child) != 0) throw std::bad_alloc();
  watched = true;
}

}  // namespace mote::detail
