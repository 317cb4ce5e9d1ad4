// Alarms: messages to a process that looks after the others, when one of them does what usually means trouble. As Erlang's
// system_monitor. They cost next to nothing while no process asks for them.
//
//   mote::system_monitor(mote::self(), {.long_mailbox = 10'000, .long_run = true});
//   mote::receive([](mote::long_mailbox alarm) { /* ... */ }, [](mote::long_run alarm) { /* ... */ });
#pragma once

#include <mote/message.hpp>
#include <mote/pid.hpp>

#include <chrono>
#include <cstddef>
#include <optional>

namespace mote {

/// A mailbox has reached the length asked for. Once, and again when it has been below half of that meanwhile.
struct long_mailbox {
  pid process;
  std::size_t messages;
};

/// A process waits with more on its stack than asked for. Once, and again when it has had less than half of that.
struct large_stack {
  pid process;
  std::size_t bytes;
};

/// A process has lost its scheduler to another thread, since it had not entered the runtime for so long. Once for each process.
struct long_run {
  pid process;
  std::chrono::nanoseconds held;
};

/// Which alarms are wanted; none of them: usage_error, as is a number of zero.
struct system_monitor_options {
  /// Messages. Looked at when a receiver takes in what has come, and when somebody who sends to more than 128 has spent his
  /// slice; so an alarm comes some messages late.
  std::optional<std::size_t> long_mailbox{};
  std::optional<std::size_t> large_stack_bytes{};  ///< looked at whenever a process waits
  bool long_run = false;
};

/// From now on alarms go to this process, instead of where they went. Not for what happens to itself. When it ends, they end.
/// Throws  usage_error; the process is one of the caller's runtime.
void system_monitor(pid to, const system_monitor_options& wanted);
/// No more alarms. False: there were none.
bool stop_system_monitor();

}  // namespace mote
