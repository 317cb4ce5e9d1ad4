#include "runtime/os/memory_use.hpp"

#include "runtime/os/address_space.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace mote::detail {

// The second number of /proc/self/statm, in pages.
std::uint64_t resident_bytes() noexcept {
  const int file = ::open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[128];
  const ssize_t length = ::read(file, text, sizeof text);
  ::close(file);
  if (length <= 0) return 0;
  const auto* const second = static_cast<const char*>(std::memchr(text, ' ', static_cast<std::size_t>(length)));
  if (second == nullptr) return 0;
  std::uint64_t pages = 0;
  std::from_chars(second + 1, text + length, pages);
  return pages * page_bytes();
}

}  // namespace mote::detail
