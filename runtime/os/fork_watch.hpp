// What becomes of the runtime in a child that the program forks: such a child has one thread, and none of the runtime's.
#pragma once

#include <cstdint>

namespace mote::detail {

/// How often this OS process came out of a fork of one that watched, itself or an ancestor. Any thread; async-signal-safe.
std::uint32_t forks_seen() noexcept;

/// What is done around each fork() of the program's: on the thread that calls it, in this order.
struct fork_steps {
  void (*before)() noexcept;
  void (*in_parent)() noexcept;
  void (*in_child)() noexcept;  ///< forks_seen() counts the fork already
};
/// From here on, and until this library is unloaded, by pthread_atfork; once. vfork, posix_spawn and a bare clone call none of
/// it. Throws std::bad_alloc.
void watch_forks(const fork_steps& steps);

}  // namespace mote::detail
