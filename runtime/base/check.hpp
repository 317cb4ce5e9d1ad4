// Checks that stay in release builds: when the runtime itself is wrong it says so in one line and aborts.
#pragma once

namespace mote::detail {

/// Prints "mote: FILE:LINE: check failed: WHAT" to stderr and aborts. Any thread; async-signal-safe.
[[noreturn]] void check_failed(const char* file, int line, const char* what) noexcept;

}  // namespace mote::detail

#define MOTE_CHECK(condition)                                                     \
  (__builtin_expect(static_cast<bool>(condition), 1)                              \
       ? static_cast<void>(0)                                                     \
       : ::mote::detail::check_failed(__FILE__, __LINE__, #condition))
