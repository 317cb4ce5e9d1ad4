// What is copied here for a look is not looked at itself. Memory is copied by the kernel, which survives that another thread
// unmaps it. Two looks are never under way at once: a copy that one made of what the other's thread held, a moment ago, would
// look held. Pages that nobody has touched are not read, which would touch them, and so one after the other.
// Layouts: glibc, <bits/struct_mutex.h>, <bits/struct_rwlock.h>, and sysdeps/nptl/stdio-lock.h; the same since 2.26 and before.
#include "runtime/os/locks_left.hpp"

#include "runtime/base/spin_lock.hpp"
#include "runtime/os/address_space.hpp"
#include "runtime/os/peek.hpp"
#include "runtime/os/text_file.hpp"
#include "runtime/os/this_thread.hpp"

#include <fcntl.h>
#include <linux/ioctl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
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
constexpr std::uint32_t most = 1u << 16;         // waiters, or times: more is something else
constexpr std::uint32_t futex_used = 2;          // of a read-write lock's two
constexpr std::uint32_t robust = 16;             // of a mutex's kinds: it is in a list
constexpr std::size_t lock_bytes = 64;           // of the largest of them

template <class Word>
Word word_at(const std::byte* at) noexcept {
  Word value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// lock, count, owner, users, kind, spins, neighbours
bool is_held_mutex(const std::byte* at, const lock_holder& by) noexcept {
  const auto lock = word_at<std::uint32_t>(at), count = word_at<std::uint32_t>(at + 4), users = word_at<std::uint32_t>(at + 12),
             kind = word_at<std::uint32_t>(at + 16);
  const bool recursive = (kind & 3) == PTHREAD_MUTEX_RECURSIVE, adaptive = (kind & 3) == PTHREAD_MUTEX_ADAPTIVE_NP;
  return word_at<std::uint32_t>(at + 8) == by.thread && (lock == 1 || lock == 2) && users != 0 && users < most &&
         kind < 512 && (recursive ? count != 0 && count < most : count == 0) &&
         (adaptive || word_at<std::uint32_t>(at + 20) == 0) &&
         ((kind & robust) != 0 || (word_at<std::uint64_t>(at + 24) == 0 && word_at<std::uint64_t>(at + 32) == 0));
}

// readers, with two bits for a writer; writers; two futexes; two that are empty; writer; whether it is shared; elision; nothing; flags
bool is_held_for_writing(const std::byte* at, const lock_holder& by) noexcept {
  return word_at<std::uint32_t>(at + 24) == by.thread && (word_at<std::uint32_t>(at) & 3) == 3 &&
         word_at<std::uint32_t>(at + 4) < most && word_at<std::uint32_t>(at + 8) < 4 &&
         word_at<std::uint32_t>(at + 12) < 4 && word_at<std::uint64_t>(at + 16) == 0 && word_at<std::uint32_t>(at + 28) < 2 &&
         word_at<std::uint64_t>(at + 32) == 0 && word_at<std::uint64_t>(at + 40) == 0 && word_at<std::uint32_t>(at + 48) < 4;
}

// lock, count, owner
bool is_held_file(const std::byte* at, const lock_holder& by) noexcept {
  const auto lock = word_at<std::uint32_t>(at), count = word_at<std::uint32_t>(at + 4);
  return by.handle != 0 && word_at<std::uint64_t>(at + 8) == by.handle && (lock == 1 || lock == 2) && count != 0 && count < most;
}

lock_state state_of_copy(const std::byte* at, const lock_holder& by) noexcept {
  const auto first = word_at<std::uint32_t>(at);
  if (first == 0) return lock_state::not_held;
  if (is_held_mutex(at, by) || is_held_file(at, by)) return first == 2 ? lock_state::wanted : lock_state::held;
  if (!is_held_for_writing(at, by)) return lock_state::not_held;
  const bool readers = first >> 3 != 0, writers = word_at<std::uint32_t>(at + 4) != 0;
  const bool sleepers = ((word_at<std::uint32_t>(at + 8) | word_at<std::uint32_t>(at + 12)) & futex_used) != 0;
  return readers || writers || sleepers ? lock_state::wanted : lock_state::held;
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

// Adds those there, as long as there is room for them.
void find_locks(range where, const touched_pages& touched, std::span<std::byte> room, const lock_holder& by,
                std::vector<const std::byte*>& found) noexcept {
  const range copies = range_of(room);
  for (range left = touched.first(where); left.begin < left.end;) {
    const std::uintptr_t at = left.begin;
    const std::size_t own = std::min<std::size_t>(chunk_bytes, left.end - at);
    std::fill(room.begin(), room.end(), std::byte{0});  // behind the end lies nothing: who reads there touches it
    const std::size_t wanted = std::min<std::size_t>(own + lock_bytes - 8, left.end - at);
    if (peek(reinterpret_cast<const void*>(at), room.data(), wanted)) {  // or it is gone meanwhile
      for (std::size_t i = 0; i < own && found.size() < found.capacity(); i += 8) {
        const bool held = state_of_copy(room.data() + i, by) != lock_state::not_held;
        if (held && !copies.holds(at + i)) found.push_back(reinterpret_cast<const std::byte*>(at + i));
      }
    }
    left.begin += own;
    if (left.begin == left.end) left = touched.first({left.end, where.end});
  }
}

}  // namespace

lock_holder lock_holder::here() noexcept {
  return {static_cast<std::uint32_t>(this_thread_number()), static_cast<std::uint64_t>(::pthread_self())};
}

lock_state state_of_lock(const std::byte* lock, const lock_holder& by) noexcept {
  std::array<std::byte, lock_bytes> copy{};  // behind the page lies nothing
  const std::size_t to_the_end = page_bytes() - reinterpret_cast<std::uintptr_t>(lock) % page_bytes();
  if (!peek(lock, copy.data(), std::min(copy.size(), to_the_end))) return lock_state::not_held;
  return state_of_copy(copy.data(), by);
}

std::optional<std::vector<const std::byte*>> locks_held(const lock_holder& by, std::span<const std::byte> left_out) {
  const std::vector<range> ranges = writable_ranges(read_text("/proc/self/maps"));
  if (ranges.empty()) return std::nullopt;
  std::vector<const std::byte*> found;
  found.reserve(most_locks_told);
  const std::lock_guard hold(one_look);
  std::vector<std::byte> room(chunk_bytes + lock_bytes);
  const range out = range_of(left_out);
  const touched_pages touched;
  for (const range& each : ranges) {
    if (!out.holds(each.begin) || !out.holds(each.end - 1)) find_locks(each, touched, room, by, found);
  }
  ::explicit_bzero(room.data(), room.size());  // or the next look would find what was copied
  return found;
}

}  // namespace mote::detail
