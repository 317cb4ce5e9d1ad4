// Reading memory that may be gone: what another thread may free or move while a post-mortem looks at it. The kernel copies, and
// says no where a load of our own would end the program. Nothing of this orders anything: what is read may be torn.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mote::detail {

/// Copies bytes from an address of this OS process. False: they are not all readable, or the system refuses such copies. Any
/// thread, async-signal-safe; a system call, or three where process_vm_readv is denied. Keeps errno.
bool peek(const void* from, void* into, std::size_t bytes) noexcept;

/// The bytes of a T, not a T: to be looked at, never destroyed, and never owned by.
template <class T>
class image {
 public:
  /// False: it cannot be read.
  bool take(const T* from) noexcept { return from != nullptr && peek(from, bytes_.data(), sizeof(T)); }
  const T& operator*() const noexcept { return *reinterpret_cast<const T*>(bytes_.data()); }
  const T* operator->() const noexcept { return &**this; }

 private:
  alignas(T) std::array<std::byte, sizeof(T)> bytes_{};
};

/// Calls function(const T&) with the images of up to `most` objects that lie there one behind the other.
template <class T, class Function>
void peek_each(const T* from, std::size_t count, std::size_t most, Function&& function) noexcept {
  constexpr std::size_t at_once = std::max<std::size_t>(512 / sizeof(T), 1);
  std::array<image<T>, at_once> some;
  static_assert(sizeof(some) == at_once * sizeof(T));
  count = std::min(count, most);
  for (std::size_t done = 0; done < count; done += at_once) {
    const std::size_t now = std::min(at_once, count - done);
    if (!peek(from + done, some.data(), now * sizeof(T))) return;
    for (std::size_t i = 0; i < now; ++i) function(*some[i]);
  }
}

}  // namespace mote::detail
