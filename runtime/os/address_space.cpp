// Memory system calls. Many ranges go down in one process_madvise where the kernel lets a process advise itself
// (guards: 1.1 against 1.4 microseconds a range of 128 KiB), else one madvise at a time.
#include "runtime/os/address_space.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "runtime/base/annotate.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t most_ranges_a_call = 64;
constexpr int advice_guard_install = 102;  // Linux 6.13; Debian 12's headers do not name them
constexpr int advice_guard_remove = 103;

// Opened at every use: a descriptor kept over a fork would name the parent.
class own_process {
 public:
  own_process() noexcept : descriptor_(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))) {}
  ~own_process() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  own_process(const own_process&) = delete;
  own_process& operator=(const own_process&) = delete;

  bool advise(std::span<const address_range> ranges, int advice) const noexcept {
    std::array<::iovec, most_ranges_a_call> list;
    std::size_t total = 0;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      list[i] = {ranges[i].begin, ranges[i].bytes};
      total += ranges[i].bytes;
    }
    const long done = ::syscall(SYS_process_madvise, descriptor_, list.data(), ranges.size(), advice, 0);
    return done >= 0 && static_cast<std::size_t>(done) == total;
  }

 private:
  int descriptor_;
};

// Valgrind 3.19 knows neither system call, and complains each time.
bool lists_may_work() noexcept {
  static const bool may = !running_on_valgrind();
  return may;
}

bool advise_one(address_range range, int advice) noexcept {
  while (::madvise(range.begin, range.bytes, advice) != 0) {
    if (errno != EINTR && errno != EAGAIN) return false;
  }
  return true;
}

bool advise_each(std::span<const address_range> ranges, int advice) noexcept {
  return std::all_of(ranges.begin(), ranges.end(), [&](address_range range) { return advise_one(range, advice); });
}

// Advice is idempotent, so what a call left half done is simply done again one by one.
bool advise(std::span<const address_range> ranges, int advice) noexcept {
  while (!ranges.empty()) {
    const auto now = ranges.first(std::min(ranges.size(), most_ranges_a_call));
    ranges = ranges.subspan(now.size());
    if (now.size() >= 4 && lists_may_work() && own_process().advise(now, advice)) continue;
    if (!advise_each(now, advice)) return false;
  }
  return true;
}

}  // namespace

std::size_t page_bytes() noexcept {
  static const auto bytes = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return bytes;
}

std::byte* reserve_addresses(std::size_t bytes) noexcept {
  void* begin = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED) return nullptr;
  ::madvise(begin, bytes, MADV_NOHUGEPAGE);  // fails only where the kernel knows no huge pages
  return static_cast<std::byte*>(begin);
}

void release_addresses(std::byte* begin, std::size_t bytes) noexcept { ::munmap(begin, bytes); }

bool allow_access(std::byte* begin, std::size_t bytes) noexcept {
  return ::mprotect(begin, bytes, PROT_READ | PROT_WRITE) == 0;
}

bool forbid_access(std::byte* begin, std::size_t bytes) noexcept { return ::mprotect(begin, bytes, PROT_NONE) == 0; }

bool remap_pages(std::byte* begin, std::size_t bytes) noexcept {
  constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
  if (::mmap(begin, bytes, PROT_READ | PROT_WRITE, flags, -1, 0) == MAP_FAILED) return false;
  ::madvise(begin, bytes, MADV_NOHUGEPAGE);  // as its surroundings, so that the mapping stays one
  return true;
}

void discard_pages(std::span<const address_range> ranges) noexcept { advise(ranges, MADV_DONTNEED); }

bool install_guards(std::span<const address_range> ranges) noexcept { return advise(ranges, advice_guard_install); }

bool remove_guard(std::byte* begin, std::size_t bytes) noexcept {
  return advise_one({begin, bytes}, advice_guard_remove);
}

}  // namespace mote::detail
