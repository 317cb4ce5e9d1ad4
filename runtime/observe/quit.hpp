// The dump on SIGQUIT (options::dump_on_quit), as a JVM writes one: the program goes on.
#pragma once

namespace mote::detail {

/// From now on, until as many calls of forget_quit, SIGQUIT makes a dump on stderr of all runtimes with that option. A handler is
/// put in the program's place, and a thread of its own does the work. Any thread; not inside a handler. Throws std::system_error.
void watch_for_quit();
void forget_quit() noexcept;

}  // namespace mote::detail
