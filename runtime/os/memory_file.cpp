#include "runtime/os/memory_file.hpp"

#include "runtime/os/system_refusal.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace mote::detail {

namespace {

[[noreturn]] void refuse(int error) { throw system_refusal(error, "mote: a file in memory", asked_for::memory); }

}  // namespace

memory_file::memory_file(const char* name) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {
  if (descriptor_ < 0) refuse(errno);
}

memory_file::~memory_file() { ::close(descriptor_); }

std::string memory_file::content() const {
  struct stat facts {};
  if (::fstat(descriptor_, &facts) != 0) refuse(errno);
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = ::pread(descriptor_, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) refuse(got < 0 ? errno : EIO);
    done += static_cast<std::size_t>(got);
  }
  return text;
}

}  // namespace mote::detail
