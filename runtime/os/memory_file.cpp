#include "runtime/os/memory_file.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace mote::detail {

memory_file::memory_file(const char* name) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {
  if (descriptor_ < 0) throw std::system_error(errno, std::system_category(), "mote: a file in memory");
}

memory_file::~memory_file() { ::close(descriptor_); }

std::string memory_file::content() const {
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0) throw std::system_error(errno, std::system_category(), "mote: a file in memory");
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(descriptor_, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::system_error(got < 0 ? errno : EIO, std::system_category(), "mote: a file in memory");
    done += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace mote::detail
