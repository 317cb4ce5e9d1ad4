// How much memory this OS process has.
#pragma once

#include <cstdint>

namespace mote::detail {

/// Bytes resident now; 0 when /proc does not tell. Any thread; async-signal-safe.
std::uint64_t resident_bytes() noexcept;

}  // namespace mote::detail
