// What is done to one stack: its pages given back, its reserve opened and closed, its intactness checked.
// While the reserve is closed, it and the guard below it are marked; when it opens, the guard stays.
#include "runtime/stack/stack.hpp"

#include <algorithm>

#include "runtime/base/check.hpp"
#include "runtime/os/address_space.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t red_zone_bytes = 128;
constexpr std::size_t canary_bytes = 64;

std::byte* page_below(const std::byte* address) noexcept {
  const auto value = reinterpret_cast<std::uintptr_t>(address);
  return reinterpret_cast<std::byte*>(value & ~(static_cast<std::uintptr_t>(page_bytes()) - 1));
}

MOTE_NO_SANITIZE std::byte* lowest_touchable(stack& which) noexcept {
  if (which.guarded_by == guard_kind::none) return which.guard();
  return which.reserve_open ? which.reserve() : which.limit;
}

MOTE_NO_SANITIZE bool close_range(stack& which, address_range range) noexcept {
  if (which.guarded_by == guard_kind::marker) return install_guards({&range, 1});
  return forbid_access(range.begin, range.bytes);
}

MOTE_NO_SANITIZE bool open_range(stack& which, address_range range) noexcept {
  if (which.guarded_by == guard_kind::marker) return remove_guard(range.begin, range.bytes);
  return allow_access(range.begin, range.bytes);
}

}  // namespace

MOTE_NO_SANITIZE void trim(stack& which, const std::byte* keep_from) noexcept {
  std::byte* const low = lowest_touchable(which);
  std::byte* const high = page_below(keep_from - red_zone_bytes);
  if (high <= low) return;
  const address_range range{low, static_cast<std::size_t>(high - low)};
  discard_pages({&range, 1});
  if (which.lowest < high) which.lowest = high;
}

MOTE_NO_SANITIZE bool open_reserve(stack& which) noexcept {
  if (which.reserve_open || which.guarded_by == guard_kind::none) return false;
  which.reserve_open = open_range(which, {which.reserve(), reserve_bytes(which.size_class)});
  return which.reserve_open;
}

MOTE_NO_SANITIZE void close_reserve(stack& which) noexcept {
  if (!which.reserve_open) return;
  const address_range range{which.reserve(), reserve_bytes(which.size_class)};
  discard_pages({&range, 1});
  MOTE_CHECK(close_range(which, range));
  which.reserve_open = false;
}

MOTE_NO_SANITIZE bool intact(const stack& which) noexcept {
  if (which.guarded_by != guard_kind::none) return true;
  return std::all_of(which.limit - canary_bytes, which.limit, [](std::byte each) { return each == std::byte{0}; });
}

}  // namespace mote::detail
