// From outside: how plain threads, other runtimes of this OS process, and what a fork leaves behind reach a runtime, or do
// not any more. docs/design/embedding.md.
//
// H1  Everything from outside is a visit. A runtime does not go away while one lasts, and none begins once it is closed:
//     what comes then is for nobody.
// H2  A start from outside passes `starts` as well, which is closed before the end of all processes begins. So whoever lists
//     the processes after that misses none.
// H3  Runtimes are listed by place from their start to their shutdown. The list's lock is held for a look, never over a
//     user's code.
// H4  In the child of a fork nothing of a runtime's is touched that was made before: its threads are not there, and its
//     locks are as the fork met them.
#pragma once

#include "runtime/os/fork_watch.hpp"
#include "runtime/process/core.hpp"

#include <cerrno>
#include <cstdint>
#include <utility>

namespace mote::detail {

/// From here on, until end_outside_call is given what this returns, the calling plain thread is in a call that the runtime's shutdown
/// waits for: a signal handler that interrupts it there must not shut down. Of a process's thread nothing is noted.
const runtime* begin_outside_call(const runtime& which) noexcept;
void end_outside_call(const runtime* outer) noexcept;
/// Ends the program with one line that says so, if the calling thread is in such a call, and in no other runtime's inside of it.
void refuse_to_wait_for_itself(const runtime& home) noexcept;

/// Keeps a runtime from going away.
class visit {
 public:
  visit() noexcept = default;
  /// Of a runtime that somebody else keeps meanwhile, as its own object does.
  explicit visit(runtime& whom) noexcept : home_(whom.visitors.enter() ? &whom : nullptr) {
    if (home_ != nullptr) outer_ = begin_outside_call(*home_);
  }
  /// Of the runtime with that place, if there is one. Any thread. With `call`, throws usage_error with that name when the
  /// calling OS process was forked from the one that has it.
  static visit to(std::uint64_t place, const char* call = nullptr);
  visit(visit&& from) noexcept : home_(std::exchange(from.home_, nullptr)), outer_(from.outer_) {}
  visit& operator=(visit&&) = delete;
  ~visit() {
    if (home_ == nullptr) return;
    home_->visitors.leave();
    end_outside_call(outer_);
  }
  /// Whether there is one.
  explicit operator bool() const noexcept { return home_ != nullptr; }
  runtime& home() const noexcept { return *home_; }

 private:
  runtime* home_ = nullptr;
  const runtime* outer_ = nullptr;
};

/// The time of the runtime's clock, late by what its schedulers have not looked at it with a seed. Any thread; async-signal-safe.
std::uint64_t now_in(const runtime& home) noexcept;

/// From start to shutdown. H3
void list_runtime(runtime& which);
void unlist_runtime(runtime& which) noexcept;

/// Whether the calling OS process was forked from the one that the runtime was made in.
inline bool left_by_fork(const runtime& home) noexcept { return home.forks_before != forks_seen(); }
/// Throws usage_error that names the fork, if it was.
void refuse_after_fork(const runtime& home, const char* call);

/// The calling thread's errno is what it was when this goes.
class errno_kept {
 public:
  errno_kept() noexcept : before_(errno) {}
  errno_kept(const errno_kept&) = delete;
  errno_kept& operator=(const errno_kept&) = delete;
  ~errno_kept() { errno = before_; }

 private:
  const int before_;
};

}  // namespace mote::detail
