// Isolated processes: run in an OS process of their own, behind an ordinary pid. What crashes there, runs out of memory, or
// writes where it should not, ends alone, and its death is an exit reason like any other.
//
//   mote::pid decoder = mote::spawn_link(mote::isolated, decode, picture);
//
// Messages, requests, links, monitors and exit signals work as with any process, in both directions; they are serialised on
// the way, so what cannot cross (crossing_message) does not compile as an argument, and as a message throws usage_error at
// its sender, naming the type. The function starts in a copy of the program as it was when mote::run began, without its
// threads: what the program did to global variables after that is not seen, and nothing it does to them is seen outside.
// See docs/isolated.md and docs/design/isolated.md.
#pragma once

#include <mote/detail/isolated.hpp>
#include <mote/process.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace mote {

/// How an OS process of an isolated process is set up.
struct isolation {
  unsigned schedulers = 1;        ///< threads that run its processes, 1 to 1024
  std::size_t max_memory = 0;     ///< bytes of addresses it may use (RLIMIT_AS); beyond, allocation fails there; 0: no limit
  std::size_t max_processes = 1u << 16;  ///< alive at once inside of it
  /// Without a sign of life of its OS process for as long (stopped by SIGSTOP, say), it is killed, and ends as
  /// `unresponsive`. A function that computes without end shows life. 0: never.
  std::chrono::milliseconds silence{10'000};
};

inline constexpr isolation isolated{};

/// As spawn, in an OS process of its own. The pid is there at once, the OS process a little later.
/// how       mote::isolated, or an isolation of one's own.
/// options   max_stack, scheduler and mailbox are not for isolated processes; names are those of the caller's runtime.
/// Throws    usage_error when the starter of OS processes could not be started: see prepare_isolated; and inside an isolated
///           process, which cannot start another; system_limit as spawn. That the system refuses the OS process becomes the
///           exit reason: an error.
/// Ends      when the function has ended, with its reason, or the OS process: exit_code, signal, out_of_memory, unresponsive,
///           lost. All that it has started ends with it.
/// Blocks    never; costs reductions.
template <class Function, class... Args>
pid spawn(const isolation& how, Function function, Args&&... args) {
  return detail::start_isolated(how, nullptr, detail::tie::none, function, std::forward<Args>(args)...).process;
}
template <class Function, class... Args>
pid spawn(const spawn_options& options, const isolation& how, Function function, Args&&... args) {
  return detail::start_isolated(how, &options, detail::tie::none, function, std::forward<Args>(args)...).process;
}
/// As spawn_link.
template <class Function, class... Args>
pid spawn_link(const isolation& how, Function function, Args&&... args) {
  return detail::start_isolated(how, nullptr, detail::tie::link, function, std::forward<Args>(args)...).process;
}
template <class Function, class... Args>
pid spawn_link(const spawn_options& options, const isolation& how, Function function, Args&&... args) {
  return detail::start_isolated(how, &options, detail::tie::link, function, std::forward<Args>(args)...).process;
}
/// As spawn_monitor.
template <class Function, class... Args>
monitored spawn_monitor(const isolation& how, Function function, Args&&... args) {
  const auto [process, monitor] =
      detail::start_isolated(how, nullptr, detail::tie::monitor, function, std::forward<Args>(args)...);
  return {process, monitor};
}
template <class Function, class... Args>
monitored spawn_monitor(const spawn_options& options, const isolation& how, Function function, Args&&... args) {
  const auto [process, monitor] =
      detail::start_isolated(how, &options, detail::tie::monitor, function, std::forward<Args>(args)...);
  return {process, monitor};
}

/// For a program that has threads before it calls mote::run: starts the starter of OS processes, which mote::run otherwise
/// does, while there is one thread only. Call it at the beginning of main. A second call does nothing.
/// Throws  usage_error when there are more threads already.
void prepare_isolated();

/// Whether the caller runs in an OS process that was started for an isolated process. In a plain thread: false.
bool is_isolated() noexcept;

}  // namespace mote
