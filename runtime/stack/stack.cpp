// What is done to one stack: its pages given back, its reserve opened and closed, its intactness checked.
// While the reserve is closed, it and the guard below it are marked; when it opens, the guard stays, and half of it stays
// whatever is opened.
#include "runtime/stack/stack.hpp"

#include <algorithm>

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
  return which.guarded_by == guard_kind::none ? which.guard() : which.open_from();
}

// Nothing, where that is less than a page.
std::size_t last_stand_bytes(std::uint8_t size_class) noexcept {
  const std::size_t half = guard_bytes(size_class) / 2;
  return half / page_bytes() * page_bytes();
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
  if (which.opened != 0 || which.guarded_by == guard_kind::none) return false;
  if (!open_range(which, {which.reserve(), reserve_bytes(which.size_class)})) return false;
  which.opened = 1;
  which.renews = no_class;
  which.lowest = which.limit;
  return true;
}

MOTE_NO_SANITIZE bool open_last_stand(stack& which) noexcept {
  const std::size_t bytes = last_stand_bytes(which.size_class);
  if (which.opened != 1 || bytes == 0 || !open_range(which, {which.reserve() - bytes, bytes})) return false;
  which.opened = 2;
  return true;
}

MOTE_NO_SANITIZE std::byte* stack::open_from() noexcept {
  return opened == 0 ? limit : opened == 1 ? reserve() : reserve() - last_stand_bytes(size_class);
}

MOTE_NO_SANITIZE void close_reserve(stack& which) noexcept {
  which.overflowed_at = nullptr;
  which.steps_left = 0;
  if (which.opened == 0) return;
  std::byte* const begin = which.open_from();
  const address_range range{begin, static_cast<std::size_t>(which.limit - begin)};
  discard_pages({&range, 1});
  if (!close_range(which, range)) return;
  which.opened = 0;
  which.renews = which.size_class;
}

MOTE_NO_SANITIZE bool intact(const stack& which) noexcept {
  if (which.guarded_by != guard_kind::none) return true;
  return std::all_of(which.limit - canary_bytes, which.limit, [](std::byte each) { return each == std::byte{0}; });
}

}  // namespace mote::detail
