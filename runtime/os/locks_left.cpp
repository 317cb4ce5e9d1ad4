// What is copied here for a look is not looked at itself. Nobody but the calling thread writes its own name into a lock or takes
// it out, so what is found stands still, whatever the other threads do meanwhile to everything else. Memory is copied by the
// kernel, which survives that they unmap it. Two looks are never under way at once: a copy that one made of what the other's
// thread held, a moment ago, would look held. Pages that nobody has touched are not read, which would touch them, and so one
// after the other.
// Layouts: glibc, <bits/struct_mutex.h>, <bits/struct_rwlock.h>, and sysdeps/nptl/stdio-lock.h; the same since 2.26 and before.
#include "runtime/os/locks_left.hpp"

#include "runtime/base/spin_lock.hpp"
#include "runtime/os/address_space.hpp"
#include "runtime/os/peek.hpp"
#include "runtime/os/text_file.hpp"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

namespace mote::detail {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;  // looked at together
constexpr std::uint32_t most = 1u << 20;         // waiters, or times: more is something else
constexpr std::size_t lock_bytes = 64;           // of the largest of them

template <class Word>
Word word_at(const std::byte* at) noexcept {
  Word value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

struct holder {
  std::uint32_t thread = static_cast<std::uint32_t>(::syscall(SYS_gettid));
  std::uint64_t handle = static_cast<std::uint64_t>(::pthread_self());
};

// lock, count, owner, users, kind
bool is_held_mutex(const std::byte* at, const holder& by) noexcept {
  const auto lock = word_at<std::uint32_t>(at), users = word_at<std::uint32_t>(at + 12), kind = word_at<std::uint32_t>(at + 16);
  return word_at<std::uint32_t>(at + 8) == by.thread && (lock == 1 || lock == 2) && users != 0 && users < most && kind < 512;
}

// readers, with two bits for a writer; writers; two futexes; two that are empty; writer; whether it is shared
bool is_held_for_writing(const std::byte* at, const holder& by) noexcept {
  return word_at<std::uint32_t>(at + 24) == by.thread && (word_at<std::uint32_t>(at) & 3) == 3 &&
         word_at<std::uint32_t>(at + 4) < most && word_at<std::uint32_t>(at + 8) < 4 &&
         word_at<std::uint32_t>(at + 12) < 4 && word_at<std::uint64_t>(at + 16) == 0 && word_at<std::uint32_t>(at + 28) < 2;
}

// lock, count, owner
bool is_held_file(const std::byte* at, const holder& by) noexcept {
  const auto lock = word_at<std::uint32_t>(at), count = word_at<std::uint32_t>(at + 4);
  return word_at<std::uint64_t>(at + 8) == by.handle && (lock == 1 || lock == 2) && count != 0 && count < most;
}

bool is_held(const std::byte* at, const holder& by) noexcept {
  return word_at<std::uint32_t>(at) != 0 && (is_held_mutex(at, by) || is_held_for_writing(at, by) || is_held_file(at, by));
}

struct range {
  std::uintptr_t begin = 0, end = 0;
  bool holds(std::uintptr_t address) const noexcept { return address >= begin && address < end; }
};

// What the kernel's header says from Linux 6.7 on: <linux/fs.h>, PAGEMAP_SCAN.
struct page_region {
  std::uint64_t begin, end, kinds;
};
struct page_scan {
  std::uint64_t size, flags, begin, end, walked_to, regions, most_regions, most_pages;
  std::uint64_t kinds_inverted, kinds_wanted, kinds_any, kinds_told;
};
constexpr unsigned long scan_pages = _IOWR('f', 16, page_scan);
constexpr std::uint64_t page_is_present = 1u << 3, page_is_swapped = 1u << 4;

// Finds the pages that have memory behind them: what nobody has touched holds no lock. Ranges may be huge and nearly empty, as a
// sanitizer's of its own are; the kernel walks its page tables for that. Before Linux 6.7 it is asked chunk by chunk.
class touched_pages {
 public:
  touched_pages() noexcept : pagemap_(::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC)) {}
  ~touched_pages() {
    if (pagemap_ >= 0) ::close(pagemap_);
  }
  touched_pages(const touched_pages&) = delete;
  touched_pages& operator=(const touched_pages&) = delete;

  /// The first of them, as many as lie together; empty: none.
  range first(range within) const noexcept {
    page_region found{};
    page_scan asked{};
    asked.size = sizeof asked;
    asked.begin = within.begin;
    asked.end = within.end;
    asked.regions = reinterpret_cast<std::uintptr_t>(&found);
    asked.most_regions = 1;
    asked.kinds_any = asked.kinds_told = page_is_present | page_is_swapped;
    const int regions = ::ioctl(pagemap_, scan_pages, &asked);
    return regions < 0 ? first_chunk(within) : regions == 0 ? range{} : range{found.begin, found.end};
  }

 private:
  static range first_chunk(range within) noexcept {
    const auto chunk_at = [&](std::uintptr_t at) { return range{at, std::min(at + chunk_bytes, within.end)}; };
    std::uintptr_t begin = within.begin;
    while (begin < within.end && !anything_at(chunk_at(begin))) begin += chunk_bytes;
    std::uintptr_t end = begin;
    while (end < within.end && anything_at(chunk_at(end))) end = chunk_at(end).end;
    return {begin, end};
  }
  static bool anything_at(range chunk) noexcept {
    std::array<unsigned char, chunk_bytes / 4096> pages{};
    const std::size_t bytes = chunk.end - chunk.begin;
    if (::mincore(reinterpret_cast<void*>(chunk.begin), bytes, pages.data()) != 0) return false;
    const auto end = pages.begin() + static_cast<std::ptrdiff_t>((bytes + page_bytes() - 1) / page_bytes());
    return std::any_of(pages.begin(), end, [](unsigned char page) { return (page & 1) != 0; });
  }

  const int pagemap_;
};

constinit spin_lock one_look;  // none of those that are looked for; who waits for it yields its processor

range range_of(std::span<const std::byte> bytes) noexcept {
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  return {begin, begin + bytes.size()};
}

// What may be written, by the lines of /proc/self/maps: "begin-end rw-p ...".
std::vector<range> writable_ranges(const std::string& maps) {
  std::vector<range> all;
  std::istringstream lines(maps);
  for (std::string line; std::getline(lines, line);) {
    range each;
    char dash = 0;
    std::string access;
    std::istringstream words(line);
    if (words >> std::hex >> each.begin >> dash >> each.end >> access && access.starts_with("rw")) all.push_back(each);
  }
  return all;
}

std::size_t locks_in(range where, const touched_pages& touched, std::span<std::byte> room, const holder& by) noexcept {
  const range copies = range_of(room);
  std::size_t found = 0;
  for (range left = touched.first(where); left.begin < left.end;) {
    const std::uintptr_t at = left.begin;
    const std::size_t own = std::min<std::size_t>(chunk_bytes, left.end - at);
    std::fill(room.begin(), room.end(), std::byte{0});  // behind the end lies nothing: who reads there touches it
    const std::size_t wanted = std::min<std::size_t>(own + lock_bytes - 8, left.end - at);
    if (peek(reinterpret_cast<const void*>(at), room.data(), wanted)) {  // or it is gone meanwhile
      for (std::size_t i = 0; i < own; i += 8) found += is_held(room.data() + i, by) && !copies.holds(at + i) ? 1 : 0;
    }
    left.begin += own;
    if (left.begin == left.end) left = touched.first({left.end, where.end});
  }
  return found;
}

}  // namespace

std::optional<std::size_t> locks_held(std::span<const std::byte> left_out) {
  const std::vector<range> ranges = writable_ranges(read_text("/proc/self/maps"));
  if (ranges.empty()) return std::nullopt;
  const holder by;
  const std::lock_guard hold(one_look);
  std::vector<std::byte> room(chunk_bytes + lock_bytes);
  const range out = range_of(left_out);
  const touched_pages touched;
  std::size_t found = 0;
  for (const range& each : ranges) {
    if (out.holds(each.begin) && out.holds(each.end - 1)) continue;
    found += locks_in(each, touched, room, by);
  }
  ::explicit_bzero(room.data(), room.size());  // or the next look would find what was copied
  return found;
}

}  // namespace mote::detail
