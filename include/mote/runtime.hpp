// Running: a program's main as the first process, or a runtime inside a host program.
#pragma once

#include <mote/detail/run.hpp>
#include <mote/detail/spawn.hpp>
#include <mote/error.hpp>
#include <mote/send.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mote {

/// The report of a process that died with an error while nobody was linked to it or monitored it, or by a stack overflow.
struct crash_report {
  pid process;
  std::string name, label;
  reason why;
};

/// The report of a process that lost its scheduler to another thread, since it had not entered the runtime for
/// options::handoff_after: it computes, or is in a call that blocks. Its first time only.
struct handoff_report {
  pid process;
  std::string name, label;
  std::chrono::nanoseconds held;  ///< how long it had not let go of the scheduler, at least
  std::string where;              ///< what it was doing: a line for each frame of its stack, or the system call; may be empty
};

/// How a runtime is set up. mote::run also reads the environment variable named at each; what the code sets there wins over
/// the default, and the environment wins over the code, so that a user can change it without compiling.
struct options {
  unsigned schedulers = 0;               ///< threads, 1 to 1024; 0: one for each usable core. MOTE_SCHEDULERS
  std::size_t max_processes = 1u << 21;  ///< alive at once, 16 to 2^27. MOTE_MAX_PROCESSES
  std::size_t stack_bytes = 256u << 10;  ///< addresses of a default stack, 64 KiB to 1 GiB, guard included. MOTE_STACK_BYTES
  std::size_t arena_bytes = 0;           ///< addresses for all stacks, from 16 MiB; 0: enough for max_processes. MOTE_ARENA_BYTES
  bool bind_schedulers = false;          ///< each scheduler to a core of its own. MOTE_BIND
  std::chrono::milliseconds shutdown_deadline{5000};  ///< for the others to end after main has. MOTE_SHUTDOWN_MS
  /// One thread, seeded choices and virtual time: the same seed gives the same run. MOTE_SEED
  std::optional<std::uint64_t> deterministic_seed{};
  /// How long a process may go without entering the runtime, in a loop or in a call of some library, before another thread
  /// takes its scheduler over; up to an hour, 0: for ever. Not in deterministic mode. MOTE_HANDOFF_MS
  std::chrono::milliseconds handoff_after{10};
  /// Threads beside those of the schedulers: for processes that lost theirs and for mote::blocking; 1 to 10000. When all are
  /// in use, that is said on stderr once, blocking calls queue up, and schedulers wait for their processes. MOTE_MAX_THREADS
  unsigned max_threads = 256;
  bool verbose = false;                  ///< says at start what was found of the machine. MOTE_VERBOSE
  /// std::terminate inside a process ends that process only. MOTE_CATCH_TERMINATE
  bool catch_terminate = true;
  /// A process that overflows its stack ends, and only it: reason stack_overflow. run puts a handler for SIGSEGV,
  /// SIGBUS and SIGTRAP before the program's own, to which it passes what is no overflow, and takes it out again.
  /// MOTE_CATCH_OVERFLOW
  bool catch_stack_overflow = true;
  /// Backtraces of processes that run: a handler for SIGURG is put before the program's own, by which mote::dump and other
  /// reports halt the runtime's threads for a moment. Unset: mote::run does, a mote::runtime does not. MOTE_BACKTRACES
  std::optional<bool> backtraces{};
  /// Called on the dying process's scheduler for each death by an error of one that was neither linked nor monitored, and for
  /// each stack overflow; empty: a line to stderr. It must not block or throw.
  std::function<void(const crash_report&)> on_crash{};
  /// Whether a process that loses its scheduler is reported, its first time. MOTE_REPORT_HANDOFF
  bool report_handoff = true;
  /// Called for each such report on a thread that is no process's; empty: some lines to stderr. It must not throw.
  std::function<void(const handoff_report&)> on_handoff{};
};

/// The options with what MOTE_* says in their place. Throws usage_error that names the variable and its limits, or one that
/// begins so and is no option's.
options options_from_environment(options given = {});

/// Runs main as the first process of a new runtime, until it returns and the processes left have been shut down (they get
/// an exit signal `shutdown`, and at the deadline `kill`).
/// main     takes nothing; may capture, since the caller waits for it. Returns void or int.
/// Returns  main's int, 0 for void; 1 if main ended by an error, which is reported on stderr.
/// Throws   usage_error for an impossible option, or inside a process; system_limit when threads or addresses are refused.
/// Blocks   the calling thread until the end.
template <class Main>
int run(Main&& main, const options& given = {}) {
  if constexpr (std::is_void_v<std::invoke_result_t<Main&>>) {
    return detail::run_main(given, [](void* what) { (*static_cast<std::remove_reference_t<Main>*>(what))(); return 0; },
                            const_cast<void*>(static_cast<const void*>(&main)));
  } else {
    return detail::run_main(given, [](void* what) -> int { return (*static_cast<std::remove_reference_t<Main>*>(what))(); },
                            const_cast<void*>(static_cast<const void*>(&main)));
  }
}

/// A handle by which plain threads reach a running runtime. A value; it does not keep the runtime alive: use it only while
/// the runtime runs.
class runtime_handle {
 public:
  explicit runtime_handle(detail::runtime& which) noexcept : runtime_(&which) {}
  /// As mote::send, from any thread.
  template <class Value>
  void send(pid to, Value&& value) const {
    detail::deliver_from_outside(*runtime_, to, detail::make_envelope(std::forward<Value>(value)));
  }

 private:
  detail::runtime* runtime_;
};
/// Of the runtime that runs the calling process.
runtime_handle this_runtime();

/// What the machine offers and what this runtime does with it: schedulers, guards, membarrier, allocator. For a person.
std::string environment();

}  // namespace mote
