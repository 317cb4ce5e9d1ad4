// The dump of a program that crashes (options::crash_dump).
#pragma once

#include <string_view>

namespace mote::detail {

/// From now on, until as many calls of forget_crash, a signal that ends the program makes a dump first, of all runtimes with that
/// option. Handlers are put before the program's own, to which they pass each signal. Any thread; not inside a handler.
/// file  the last one given holds.
void watch_for_crash(std::string_view file) noexcept;
void forget_crash() noexcept;

}  // namespace mote::detail
