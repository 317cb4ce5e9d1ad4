// Which locks of the C library's the calling thread holds: mutexes, read-write locks held for writing, and those of FILEs. Each
// of them has the holder's name in its memory, so they are found by looking all of that through.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

namespace mote::detail {

/// How many the calling thread holds; nothing: it cannot be told, since /proc is not there. One held for reading only, and any
/// that a program has made for itself, is not seen. Some milliseconds for what memory is resident and may be written, but for
/// `left_out`; touches next to nothing else. Throws std::bad_alloc.
std::optional<std::size_t> locks_held(std::span<const std::byte> left_out);

}  // namespace mote::detail
