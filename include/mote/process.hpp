// Processes: start one, learn who you are, end one, watch one. A process has its own stack and mailbox and shares no
// mutable state with another; what it receives was copied, or given up by the sender.
//
// Every function here is called from a process, unless it says otherwise; from a plain thread it throws usage_error.
#pragma once

#include <mote/detail/spawn.hpp>
#include <mote/error.hpp>
#include <mote/mailbox.hpp>
#include <mote/message.hpp>
#include <mote/pid.hpp>
#include <mote/reason.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mote {

enum class priority : std::uint8_t { high, normal, low };

/// How to start a process. All of it is optional.
struct spawn_options {
  std::string name{};                  ///< registered before the process runs; taken already: usage_error
  std::string label{};                 ///< for reports only
  mote::priority prio = priority::normal;
  std::size_t max_stack = 0;           ///< bytes of addresses, not of memory; rounded up to a size class; 0: the runtime's default
  std::optional<unsigned> scheduler{}; ///< pinned to this scheduler, from 0; out of range: usage_error
  bool trap_exit = false;              ///< as if the process began with trap_exit(true)
  mailbox_options mailbox{};           ///< limits; none: it takes all that comes
};

/// What spawn_monitor gives.
struct monitored {
  pid process;
  ref monitor;
};

/// News of a linked process that ended, to a process that traps exits; also an exit signal sent by exit(pid, reason).
struct exited {
  pid from;
  reason why;
};

/// News of a monitored process that ended; exactly one for each monitor.
struct down {
  ref monitor;
  pid from;
  reason why;
};

/// Starts a process that runs function(args...), and returns at once. As Erlang's spawn.
/// function  a plain function, or a lambda or function object without captures: state is passed as arguments.
/// args      copied (lvalues) or moved (rvalues) in; each satisfies `message`.
/// Returns   a pid that will never name another process.
/// Throws    system_limit, when the process table is full; usage_error for impossible options. An exception inside
///           function is no error here: it becomes the child's exit reason.
/// Blocks    never; costs reductions, so the caller may yield.
template <class Function, class... Args>
  requires(!detail::is_option<std::decay_t<Function>>)
pid spawn(Function function, Args&&... args) {
  return detail::start(nullptr, detail::tie::none, function, std::forward<Args>(args)...).process;
}
template <class Function, class... Args>
  requires(!detail::is_option<std::decay_t<Function>>)
pid spawn(const spawn_options& options, Function function, Args&&... args) {
  return detail::start(&options, detail::tie::none, function, std::forward<Args>(args)...).process;
}

/// As spawn, and linked to the caller before the child runs. As Erlang's spawn_link.
template <class Function, class... Args>
  requires(!detail::is_option<std::decay_t<Function>>)
pid spawn_link(Function function, Args&&... args) {
  return detail::start(nullptr, detail::tie::link, function, std::forward<Args>(args)...).process;
}
template <class Function, class... Args>
  requires(!detail::is_option<std::decay_t<Function>>)
pid spawn_link(const spawn_options& options, Function function, Args&&... args) {
  return detail::start(&options, detail::tie::link, function, std::forward<Args>(args)...).process;
}

/// As spawn, and monitored by the caller before the child runs. As Erlang's spawn_monitor.
template <class Function, class... Args>
  requires(!detail::is_option<std::decay_t<Function>>)
monitored spawn_monitor(Function function, Args&&... args) {
  const auto [process, monitor] =
      detail::start(nullptr, detail::tie::monitor, function, std::forward<Args>(args)...);
  return {process, monitor};
}
template <class Function, class... Args>
  requires(!detail::is_option<std::decay_t<Function>>)
monitored spawn_monitor(const spawn_options& options, Function function, Args&&... args) {
  const auto [process, monitor] =
      detail::start(&options, detail::tie::monitor, function, std::forward<Args>(args)...);
  return {process, monitor};
}

/// The caller's own pid.
pid self();
/// Who spawned the caller; a pid that names nobody for the first process and for one spawned from outside.
pid parent();

/// Ends the caller with this reason: its stack unwinds, running destructors. Never returns. Not during an unwinding: there
/// it throws usage_error.
[[noreturn]] void exit(reason why);
/// Sends an exit signal, as if a process linked to `to` had ended. Erlang's rules: `normal` does nothing to another process,
/// `kill` cannot be trapped, and a process that traps exits receives any other as `exited`. To oneself, it takes effect
/// before the call returns (`normal` included).
void exit(pid to, reason why);
/// exit(to, reason::kill).
void kill(pid to);
/// Takes what has come to end this process, if anything has: the way to make a long computation stoppable. May end the
/// process; never otherwise waits. Does nothing while the stack unwinds.
void checkpoint();

/// Ties the caller to another process: when either ends, the other gets an exit signal with its reason. One link at most
/// joins two processes. Linking to a process that has ended brings an exit signal `noproc`.
void link(pid to);
/// Undoes link, and returns whether there was one. Afterwards no exit signal of that link will arrive.
bool unlink(pid from);
/// Asks for one `down` when that process ends; at once, with `noproc`, if it has ended. Several monitors of one process
/// each bring their own. Monitoring oneself brings nothing. By name, it is who has the name now that is monitored; when nobody
/// has it, the `down` comes at once, with `noproc`, from a pid that names nobody. As Erlang's monitor.
ref monitor(pid who);
ref monitor(std::string_view name);
/// Undoes monitor, and returns whether it was still in force. With `flush`, a `down` of it that came before is taken
/// out of the mailbox too, so that none can be received afterwards; without, one that came already stays.
bool demonitor(ref which, bool flush = false);
/// Whether exit signals arrive as `exited` messages instead of ending the caller; returns what held before.
bool trap_exit(bool on);

/// Lets others run. May end the process.
void yield();
/// Waits at least this long; messages that come meanwhile stay in the mailbox. A time in the past only yields. May end the
/// process.
void sleep_for(std::chrono::nanoseconds duration);
void sleep_until(std::chrono::steady_clock::time_point when);
/// The runtime's clock: std::chrono::steady_clock's, or virtual time in deterministic mode.
std::chrono::steady_clock::time_point now();

/// Gives a process a name, unique in the runtime, until it ends. Throws usage_error when the name is empty or taken, the
/// process has one already, or has ended.
void register_name(std::string_view name, pid who);
/// Takes a name away; false when nobody has it.
bool unregister_name(std::string_view name);
/// Who has the name, or a pid that names nobody.
pid whereis(std::string_view name);
std::vector<std::string> registered_names();

/// A second address of the caller's, until unalias, or until its first message with `once`.
alias make_alias(bool once = false);
/// Withdraws an alias: what reaches it afterwards vanishes; what is in the mailbox already stays. False when it was withdrawn
/// before. As Erlang's unalias.
bool unalias(alias which);

/// A text for reports: what this process does.
void set_label(std::string_view label);
std::string label();
/// Changes the caller's own priority; returns the one before.
priority set_priority(priority value);
/// Pins the caller to one scheduler, from 0, or with nullopt lets it roam. Throws usage_error when there is no such one.
void pin_to_scheduler(std::optional<unsigned> scheduler);
/// How many schedulers run, and which one runs the caller.
unsigned scheduler_count();
unsigned current_scheduler();

enum class process_state : std::uint8_t { ready, running, waiting, exiting };
std::string_view to_string(process_state state) noexcept;

/// What a process waits for: a message or anything else in its mailbox; a moment; the answer to a request or call; a
/// descriptor; room in a full mailbox; work that is done for it elsewhere (a name being resolved, a blocking call).
enum class wait_reason : std::uint8_t { message, time, reply, descriptor, room, work };
std::string_view to_string(wait_reason why) noexcept;

/// What can be seen of a process from outside, at about one moment.
struct process_info {
  pid id;
  std::string name, label;
  pid parent;
  process_state state;
  mote::priority prio;
  bool trap_exit;
  std::size_t mailbox_messages;  ///< ordinary messages not yet received
  std::size_t mailbox_bytes;     ///< of these, envelopes included; what a message's containers hold is not counted
  std::size_t links, monitors;   ///< links; monitors this process asked for
  std::size_t stack_bytes;       ///< bytes of stack in use when it last left its scheduler; 0 before the first run
  std::size_t stack_limit;       ///< bytes of stack it may use; 0 before the first run
  std::uint64_t reductions;
  unsigned handoffs;             ///< how often it lost its scheduler to another thread (options::handoff_after); 255: or more
  std::optional<wait_reason> waits_for;  ///< of one that waits
  pid waits_for_whom;                    ///< whose answer, or room in whose mailbox; else nobody
  int waits_for_descriptor = -1;
  /// When its wait began; early by what its scheduler's last 256 turns took, at most. Of one that waits.
  std::chrono::steady_clock::time_point waits_since;
};
/// nullopt when the process has ended and everyone tied to it has been told. In constant time. Any thread of the runtime's.
std::optional<process_info> info(pid who);
/// Everyone alive, and who is just ending, in no order.
std::vector<pid> processes();
/// Whether the process had not ended when this looked.
bool is_alive(pid who);

}  // namespace mote
