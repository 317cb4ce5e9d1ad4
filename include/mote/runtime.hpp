// Running: a program's main as the first process, or a runtime inside a host program.
#pragma once

#include <mote/detail/run.hpp>
#include <mote/detail/spawn.hpp>
#include <mote/error.hpp>
#include <mote/observe.hpp>
#include <mote/process.hpp>
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
#include <vector>

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

/// One of the processes in a deadlock.
struct deadlocked_process {
  pid process;
  std::string name, label;
  wait_reason waits_for;
  pid waits_for_whom;  ///< whose answer, or room in whose mailbox; else nobody
  std::string what;    ///< the same in words
};

/// All processes wait, and nothing is left that could wake one: no timer, no descriptor that one waits for, no work done elsewhere,
/// no runtime_handle.
struct deadlock_report {
  std::string text;  ///< all of it, as it is printed when there is no options::on_deadlock
  std::vector<deadlocked_process> processes;
  std::vector<std::vector<pid>> cycles;  ///< each waits for the next, the last for the first
};

/// What is to be done about a deadlock, beside the report of it.
/// ignore  nothing, and there is no report
/// report  nothing: the program hangs on
/// dump    the same, with a dump of all on stderr
/// end     the first process gets an exit signal that says so: run returns 1, unless it traps exits and goes on; at the next
///         deadlock all are killed
/// abort   std::abort: with a core dump, and a crash dump where that is on
enum class deadlock_action : std::uint8_t { ignore, report, dump, end, abort };

/// How a runtime is set up. mote::run also reads the environment variable named at each; what the code sets there wins over
/// the default, and the environment wins over the code, so that a user can change it without compiling.
struct options {
  /// Threads, 1 to 1024; 0: one for each usable core. With a deterministic_seed simulated ones, 1 to 64; 0: one. MOTE_SCHEDULERS
  unsigned schedulers = 0;
  std::size_t max_processes = 1u << 21;  ///< alive at once, 16 to 2^27. MOTE_MAX_PROCESSES
  std::size_t stack_bytes = 256u << 10;  ///< addresses of a default stack, 64 KiB to 1 GiB, guard included. MOTE_STACK_BYTES
  std::size_t arena_bytes = 0;           ///< addresses for all stacks, from 16 MiB; 0: enough for max_processes. MOTE_ARENA_BYTES
  /// Bytes of messages that wait in all mailboxes together, from 1 MiB; 0: no limit. Beyond, a mailbox that holds 16 messages or
  /// more is full, whatever its own limit. MOTE_MAILBOX_BUDGET_BYTES
  std::size_t mailbox_budget_bytes = 0;
  bool bind_schedulers = false;          ///< each scheduler to a core of its own. MOTE_BIND
  std::chrono::milliseconds shutdown_deadline{5000};  ///< for the others to end after main has. MOTE_SHUTDOWN_MS
  /// Simulated schedulers on one thread, seeded choices, virtual time: the same seed gives the same run. MOTE_SEED
  std::optional<std::uint64_t> deterministic_seed{};
  /// How long a process may go without entering the runtime, in a loop or in a call of some library, before another thread
  /// takes its scheduler over; up to an hour, 0: for ever. Not in deterministic mode. MOTE_HANDOFF_MS
  std::chrono::milliseconds handoff_after{10};
  /// Threads beside those of the schedulers: for processes that lost theirs and for mote::blocking; 1 to 10000. When all are
  /// in use, that is said on stderr once, blocking calls queue up, and schedulers wait for their processes. MOTE_MAX_THREADS
  unsigned max_threads = 256;
  bool verbose = false;                  ///< says at start what was found of the machine. MOTE_VERBOSE
  /// std::terminate inside a process ends that process only: a terminate handler is put before the program's own, which has
  /// all other calls, and taken out again. Unset: mote::run does, a mote::runtime does not. MOTE_CATCH_TERMINATE
  std::optional<bool> catch_terminate{};
  /// A process that overflows its stack ends, and only it: reason stack_overflow. A handler for SIGSEGV, SIGBUS and SIGTRAP is
  /// put before the program's own, to which it passes what is no overflow, and taken out again. Unset: mote::run does, a
  /// mote::runtime does not. MOTE_CATCH_OVERFLOW
  std::optional<bool> catch_stack_overflow{};
  /// What to do when all processes wait for ever. MOTE_DEADLOCK: ignore, report, dump, end or abort
  deadlock_action deadlock = deadlock_action::end;
  /// Called with the report of it instead of printing it; it may send and spawn, and so end the deadlock. It must not block.
  std::function<void(const deadlock_report&)> on_deadlock{};
  /// SIGQUIT (Ctrl-\\) writes a dump (mote::dump) to stderr, and the program goes on: a handler takes the place of the program's.
  /// MOTE_DUMP_ON_QUIT
  bool dump_on_quit = false;
  /// A file for the dump of a program that crashes, which mote-dump reads; %p in it stands for the number of the OS process. Handlers
  /// for SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE and SIGSYS are put before the program's own, to which they pass each signal;
  /// empty: none are. MOTE_CRASH_DUMP
  std::string crash_dump{};
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
/// Returns  main's int, 0 for void; 1 if main ended by an error, which is reported on stderr; 2, without running main, when an
///          environment variable says what cannot be, which a line on stderr names: whoever set it is no programmer.
/// Throws   usage_error for an impossible option that the code has set, or inside a process; std::system_error when threads or
///          addresses are refused (system_limit), or where stacks cannot be switched.
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

/// A process that a shutdown has not been able to end.
struct left_process {
  pid process;
  std::string name, label;
};

/// A call from outside whose process ended before it returned. why() says how: `shutdown` also when it could not begin
/// because the runtime had been shut down.
class call_failed : public no_reply {
 public:
  explicit call_failed(reason why);
};

class runtime_handle;

/// A runtime inside a host program, which has threads and a main of its own. It runs from its making to its shutdown; several
/// may run side by side and one after another. docs/embedding.md.
///
/// It takes nothing over that an option does not name: no signal, no handler, no allocator; it reads no environment variable
/// (options_from_environment does). Its threads take no signals. Every call may be made by any thread, several at a time,
/// but for the destructor; none by a signal handler. In the child of a fork every call throws usage_error, and the destructor
/// does nothing.
class runtime {
 public:
  /// Starts it.
  /// Throws  usage_error for an impossible option; std::system_error when threads, descriptors or addresses are refused, or
  ///         where stacks cannot be switched.
  explicit runtime(const options& given = {}) : hosted_(given) {}
  /// shutdown(), unless that has been done; names on stderr who did not end. What still runs then keeps its thread and all that
  /// it stands on for good; so does everything when one of its own processes comes here.
  ~runtime() = default;
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// As mote::spawn: the process has no parent.
  /// Throws  what mote::spawn throws; usage_error once a shutdown has begun.
  template <class Function, class... Args>
    requires(!detail::is_option<std::decay_t<Function>>)
  pid spawn(Function function, Args&&... args) {
    return detail::start_from_outside(hosted_.get(), nullptr, function, std::forward<Args>(args)...);
  }
  template <class Function, class... Args>
    requires(!detail::is_option<std::decay_t<Function>>)
  pid spawn(const spawn_options& with, Function function, Args&&... args) {
    return detail::start_from_outside(hosted_.get(), &with, function, std::forward<Args>(args)...);
  }

  /// As mote::send. What one thread sends to one process arrives in the order sent. After a shutdown it vanishes. A pid of
  /// another runtime of this program will do. A process that calls this does what mote::send does.
  /// to      a pid, an alias, or a name registered in this runtime; a name that nobody has throws usage_error.
  /// Blocks  a plain thread only at a full mailbox of the policy park_sender, until there is room.
  template <class Value>
  void send(pid to, Value&& value) {
    detail::deliver_from_outside(hosted_.get(), to, detail::make_envelope(std::forward<Value>(value)));
  }
  template <class Value>
  void send(alias to, Value&& value) {
    detail::deliver_from_outside(hosted_.get(), to.owner(), detail::by_alias(to, detail::make_envelope(std::forward<Value>(value))));
  }
  template <class Value>
  void send(std::string_view name, Value&& value) {
    send(detail::require_name("mote::runtime::send", hosted_.get(), name), std::forward<Value>(value));
  }
  /// As mote::try_send: tells, and never waits for room. no_process also after a shutdown.
  template <class Value>
  send_result try_send(pid to, Value&& value) {
    return detail::try_deliver_from_outside(hosted_.get(), to, detail::make_envelope(std::forward<Value>(value)));
  }
  template <class Value>
  send_result try_send(alias to, Value&& value) {
    return detail::try_deliver_from_outside(hosted_.get(), to.owner(),
                                            detail::by_alias(to, detail::make_envelope(std::forward<Value>(value))));
  }
  template <class Value>
  send_result try_send(std::string_view name, Value&& value) {
    return try_send(detail::require_name("mote::runtime::try_send", hosted_.get(), name), std::forward<Value>(value));
  }

  /// Runs function(args...) in a process of its own, and waits until that has ended. Both may reach the caller's variables,
  /// since the caller waits.
  /// Returns  what the function returns.
  /// Throws   what the function throws; call_failed when its process was ended first, or the runtime was shut down;
  ///          system_limit when no process slot is left; usage_error in a process of this runtime.
  /// Blocks   the calling thread.
  template <class Function, class... Args>
    requires(!detail::is_option<std::decay_t<Function>>)
  decltype(auto) call(Function&& function, Args&&... args) {
    return detail::call_in_process(hosted_.get(), nullptr, std::forward<Function>(function), std::forward<Args>(args)...);
  }
  template <class Function, class... Args>
    requires(!detail::is_option<std::decay_t<Function>>)
  decltype(auto) call(const spawn_options& with, Function&& function, Args&&... args) {
    return detail::call_in_process(hosted_.get(), &with, std::forward<Function>(function), std::forward<Args>(args)...);
  }

  /// For those who only send or look, and may outlive this object.
  runtime_handle handle() noexcept;

  /// As mote::dump, mote::statistics, mote::info, mote::processes and mote::environment, from any thread: also while all schedulers
  /// are stuck, for none of them is asked. After a shutdown that has ended all of it there is nothing to see: empty, and zero.
  /// Throws  what those throw, but for plain threads; usage_error in the child of a fork.
  /// Blocks  never for long: a dump halts the schedulers as mote::dump does, if options::backtraces says so.
  std::string dump(dump_format how = dump_format::text);
  runtime_statistics statistics();
  std::optional<process_info> info(pid who);
  std::vector<pid> processes();
  std::string environment();

  /// Ends it, in this order: nobody can start processes from outside any more; all processes get an exit signal `shutdown`; at
  /// the deadline those left get `kill`, and a second more; the threads end, and descriptors are closed; what is sent from now
  /// on vanishes. Its memory goes with the object.
  /// within   zero or less, or a moment that has passed: they are killed at once. Without: options::shutdown_deadline.
  /// Returns  who has not ended. A thread that such a one holds stays with it.
  /// Throws   usage_error in a process of this runtime; std::bad_alloc when there is none to name who is left: all else is done.
  /// Blocks   the calling thread, at most for the deadline and three seconds. Called again, also meanwhile by another thread: until
  ///          the first call is done, and returns the same.
  std::vector<left_process> shutdown() { return hosted_.shut_down(std::nullopt); }
  std::vector<left_process> shutdown(std::chrono::nanoseconds within) { return hosted_.shut_down(within); }
  std::vector<left_process> shutdown(std::chrono::steady_clock::time_point moment) {
    const auto now = std::chrono::steady_clock::now();
    return shutdown(moment <= now ? std::chrono::nanoseconds(0) : moment - now);
  }

 private:
  detail::hosted_runtime hosted_;
};

/// A handle by which plain threads reach a runtime. A value; it does not keep the runtime alive: what is sent by it after the
/// runtime's end vanishes. While there is one, somebody outside may yet wake a process.
class runtime_handle {
 public:
  explicit runtime_handle(detail::runtime& which) noexcept : way_(which) {}
  /// As runtime::send and runtime::try_send. After the runtime's end nobody has a name.
  template <class Value>
  void send(pid to, Value&& value) const {
    detail::deliver_from_outside(way_, to, detail::make_envelope(std::forward<Value>(value)));
  }
  template <class Value>
  void send(alias to, Value&& value) const {
    detail::deliver_from_outside(way_, to.owner(), detail::by_alias(to, detail::make_envelope(std::forward<Value>(value))));
  }
  template <class Value>
  void send(std::string_view name, Value&& value) const {
    send(detail::require_name("mote::runtime_handle::send", way_, name), std::forward<Value>(value));
  }
  template <class Value>
  send_result try_send(pid to, Value&& value) const {
    return detail::try_deliver_from_outside(way_, to, detail::make_envelope(std::forward<Value>(value)));
  }
  template <class Value>
  send_result try_send(alias to, Value&& value) const {
    return detail::try_deliver_from_outside(way_, to.owner(),
                                            detail::by_alias(to, detail::make_envelope(std::forward<Value>(value))));
  }
  template <class Value>
  send_result try_send(std::string_view name, Value&& value) const {
    return try_send(detail::require_name("mote::runtime_handle::try_send", way_, name), std::forward<Value>(value));
  }
  /// As those of mote::runtime.
  std::string dump(dump_format how = dump_format::text) const;
  runtime_statistics statistics() const;
  std::optional<process_info> info(pid who) const;
  std::vector<pid> processes() const;
  std::string environment() const;
  /// For the library.
  const detail::way_in& way() const noexcept { return way_; }

 private:
  detail::way_in way_;
};
inline runtime_handle runtime::handle() noexcept { return runtime_handle(hosted_.get()); }
inline std::string runtime::dump(dump_format how) { return handle().dump(how); }
inline runtime_statistics runtime::statistics() { return handle().statistics(); }
inline std::optional<process_info> runtime::info(pid who) { return handle().info(who); }
inline std::vector<pid> runtime::processes() { return handle().processes(); }
inline std::string runtime::environment() { return handle().environment(); }
/// Of the runtime that runs the calling process.
runtime_handle this_runtime();

/// What the machine offers and what the caller's runtime does with it: schedulers, guards, membarrier, allocator. For a person. Any
/// thread; in a plain one of the machine and the allocator alone.
std::string environment();

}  // namespace mote
