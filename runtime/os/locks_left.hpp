// Which locks of the C library's a thread holds: mutexes, read-write locks held for writing, and those of FILEs. Each of them has
// the holder's name in its memory, so they are found by looking all of that through.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace mote::detail {

/// A thread, as the locks that it holds name it.
struct lock_holder {
  std::uint32_t thread = 0;  ///< the kernel's number; locks but for FILEs'
  std::uint64_t handle = 0;  ///< pthread_self, by which a FILE's lock knows it; 0: those are not looked for
  static lock_holder here() noexcept;
};

/// The most that are told.
inline constexpr std::size_t most_locks_told = 64;

/// Where those lie that it holds, and what looks like one of them: a small thread number may be anything. Nothing: it cannot be
/// told, since /proc is not there. One held for reading only, and any that a program has made for itself, is not seen. Some
/// milliseconds for what memory is resident and may be written, but for `left_out`; touches next to nothing else. Throws
/// std::bad_alloc.
std::optional<std::vector<const std::byte*>> locks_held(const lock_holder& by, std::span<const std::byte> left_out);

enum class lock_state : std::uint8_t { not_held, held, wanted };
/// How one of these is now; wanted: it is held, and somebody waits for it or did. Its memory may be gone. Any thread.
lock_state state_of_lock(const std::byte* lock, const lock_holder& by) noexcept;

}  // namespace mote::detail
