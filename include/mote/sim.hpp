// Simulation: the program runs on one thread, and each choice that a machine would leave to chance comes from a seed: who runs,
// who steals from whom, who is woken first, when a timer comes beside a message, what fails. Time is virtual. The same seed gives
// the same run, in each build and on each machine; so a bug that was found once can be looked at as often as is wanted.
// docs/simulation.md.
#pragma once

#include <mote/detail/simulated.hpp>
#include <mote/pid.hpp>
#include <mote/runtime.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace mote::sim {

/// Who goes on, where several could.
struct strategy {
  enum class kind : std::uint8_t {
    uniform,      ///< each of them as likely as the others; slices mostly short
    pct,          ///< by random priorities, which change at depth - 1 random steps: finds each bug that `depth` ordered steps make
    round_robin,  ///< each in turn, a call at a time
    /// All ways with at most so many preemptions, one after the other: for explore, and small programs. What is no matter of who goes
    /// on is drawn from the seed, the same in each of them.
    exhaustive,
  };
  kind how = kind::uniform;
  unsigned depth = 3;            ///< of pct, 1 to 32
  std::uint64_t length = 1'000;  ///< of pct: steps of a usual run, from 1, among which the changes fall
  unsigned preemptions = 2;      ///< of exhaustive, 0 to 16
};
inline constexpr strategy uniform{};
constexpr strategy pct(unsigned depth, std::uint64_t length = 1'000) {
  return {.how = strategy::kind::pct, .depth = depth, .length = length};
}
inline constexpr strategy round_robin{.how = strategy::kind::round_robin};
constexpr strategy exhaustive(unsigned preemptions) {
  return {.how = strategy::kind::exhaustive, .preemptions = preemptions};
}

/// What goes wrong, and how often: once in so many occasions, drawn from the seed; 0: never.
struct faults {
  std::uint32_t kill_one_in = 0;           ///< calls of a process: another one than the first is killed
  /// Messages, requests, replies and signals (link, monitor, exit) sent, timers set, names and labels given, spawns whose arguments need
  /// memory of their own: std::bad_alloc in the caller.
  std::uint32_t refuse_memory_one_in = 0;
  std::uint32_t slow_one_in = 0;           ///< turns of a process: it takes a thousand times as long
  /// Messages, requests and replies to another process, unless its mailbox has limits: it comes up to a millisecond later, and with it
  /// what the same sender sends there meanwhile. What others send, or are sent, comes before it.
  std::uint32_t delay_one_in = 0;
  std::uint32_t reset_one_in = 0;          ///< packets on a connection: it is reset
  std::uint32_t end_os_process_one_in = 0; ///< turns of an isolated process: its OS process is gone
};

struct options {
  unsigned schedulers = 1;                  ///< simulated, 1 to 64
  strategy how{};
  faults what_fails{};
  std::uint64_t most_steps = 10'000'000;    ///< calls and turns; a run with more has failed. From 1
  std::chrono::milliseconds stuck_after{10'000};  ///< of real time without a step: the run has failed. 1 ms to an hour
  bool crashes_fail = true;                 ///< a process that dies of an error with nobody linked to it or watching
  bool prints = true;                       ///< a run that failed, to stderr
  std::size_t trace_lines = 80;             ///< of the last events, that a failure shows; up to 100,000
  std::function<bool()> failed{};           ///< asked after each run: whether the user's own checks failed
  std::vector<std::uint32_t> choices{};     ///< of exhaustive: those to begin with; beyond them nobody is preempted
  /// What else is set. Without effect: schedulers, deterministic_seed, bind_schedulers, verbose, deadlock, crash_dump, dump_on_quit,
  /// backtraces, handoff_after, max_threads, report_handoff, on_handoff. on_crash and on_deadlock are called still.
  mote::options runtime{.max_processes = 1u << 16};
};

/// What came of a run.
struct result {
  bool failed = false;
  std::string why;    ///< it failed; empty otherwise
  std::string trace;  ///< the last events before it failed, a line each
  std::uint64_t seed = 0;
  std::uint64_t trace_hash = 0;  ///< of all that happened, the same for the same run in each build
  std::uint64_t steps = 0;
  std::uint64_t kills = 0, other_faults = 0;      ///< that options::what_fails made
  std::chrono::nanoseconds virtual_time{0};
  std::vector<std::uint32_t> choices;             ///< of exhaustive
  /// What the seed alone decided beside who goes on: delays of sockets, whom to steal from, faults, random numbers; and how often more
  /// than 64 were ready in one queue, of which the first 64 alone could be next.
  std::uint64_t drawn = 0;
  int code = 0;                                   ///< main's
  /// Whether it went well.
  explicit operator bool() const noexcept { return !failed; }
};
/// Why it failed, seed and trace; or that it went well.
std::string to_string(const result& what);
std::ostream& operator<<(std::ostream& out, const result& what);

/// What explore tries.
struct search {
  std::uint64_t first_seed = 1;
  std::uint64_t seeds = 1'000;      ///< runs at most, from 1; of exhaustive, schedules
  std::chrono::seconds time{0};     ///< real time at most, with the search for a simpler one, up to a year; 0: no limit
  bool shrinks = true;              ///< a failing run is sought with fewer faults, schedulers and changes of priority
};

/// What explore found.
struct findings {
  std::uint64_t runs = 0;
  /// exhaustive: there is no further schedule, and none had anything else to decide (result::drawn).
  bool complete = false;
  std::optional<result> failure;
  options with;  ///< of the failing run: run(failure->seed, main, with) repeats it
  explicit operator bool() const noexcept { return !failure; }
};
std::string to_string(const findings& what);
std::ostream& operator<<(std::ostream& out, const findings& what);

/// How two runs with one seed differ.
struct difference {
  bool found = false;
  std::uint64_t event = 0;    ///< the number of the first that differs
  std::string first, second;  ///< what happened there; empty: nothing, that run was over
  std::string before;         ///< what both did last before it
  std::uint64_t trace_hash = 0;
  /// Whether the runs were the same.
  explicit operator bool() const noexcept { return !found; }
};
std::string to_string(const difference& what);
std::ostream& operator<<(std::ostream& out, const difference& what);

/// Runs main once, as mote::run does, with all choices from the seed. A run fails when main throws or returns another number than
/// 0, when everyone waits and nothing can come, when a process crashes unseen, when it takes too many steps, when it stays away
/// from the runtime too long (in a loop, or in a call of the system that blocks), and when options::failed says so.
/// main     may capture: the caller waits. Run again and again, it must begin anew each time.
/// Throws   usage_error for an option out of its range, or inside a process; system_limit when threads or addresses are refused.
/// Blocks   the calling thread until the end. After a run that stayed away its thread is left where it is, for good, with all that
///          it holds. For that a handler of SIGRTMAX stands before the program's own while there are runs, to which it passes on what is
///          not the library's.
template <class Main>
result run(std::uint64_t seed, Main&& main, const options& given = {}) {
  return detail::with_main(main, [&](detail::simulated_main it) { return detail::simulate(seed, it, given); });
}

/// Runs main with one seed after the other until one fails, then looks for a simpler run that fails as well, and reports it.
/// With strategy exhaustive it goes through the schedules instead.
/// Throws what run throws, and usage_error for a search out of its range.
template <class Main>
findings explore(Main&& main, const search& what = {}, const options& given = {}) {
  return detail::with_main(main, [&](detail::simulated_main it) { return detail::explore_simulated(it, what, given); });
}

/// Runs main twice with one seed: whoever reads the real clock, or memory that others write, or an address, differs somewhere,
/// and is told where.
template <class Main>
difference check_determinism(std::uint64_t seed, Main&& main, const options& given = {}) {
  return detail::with_main(main, [&](detail::simulated_main it) { return detail::compare_simulated(seed, it, given); });
}

// ---- inside a run: the ends of isolated processes ----

/// How an OS process ends, or falls silent.
enum class os_end {
  exit_code,      ///< as by _exit(code)
  signal,         ///< as by the signal of number code
  out_of_memory,  ///< as when the system kills it
  torn,           ///< it sends half a packet, and whoever reads that ends it: `lost`
  stopped  ///< as by SIGSTOP: nothing of it runs any more, so that it ends as `unresponsive`, or when it is killed
};

/// Ends the simulated OS process of an isolated process, at a moment drawn by the seed. A second call before that moment takes
/// the first one's place. Its processes run no further but for their destructors, which reach nobody outside; what it has sent
/// arrives, and then the end is told.
/// isolated  the isolated process; or, inside, self() of the isolated process itself. One that has ended: nothing happens.
/// code      of exit_code and signal.
/// within    the moment lies between now and so much later, in virtual time, of which each slice of a process takes a
///           microsecond; 0: now.
/// Throws    usage_error outside of deterministic mode, and for a pid that is no isolated process's.
/// Blocks    until one that was just spawned has begun; inside, with a `within` of 0, it does not return. May end the caller.
void end_os_process(pid isolated, os_end how, int code = 0,
                    std::chrono::nanoseconds within = std::chrono::nanoseconds(0));

}  // namespace mote::sim
