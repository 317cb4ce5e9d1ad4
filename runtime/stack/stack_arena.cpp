// Where stacks come from.
// A1  A slot belongs to one class for ever, and its guard stays: reuse costs no system call.
// A2  A unit's entry is written before any of its slots is handed out, and never again, so find() may read it in a
//     signal handler without the lock.
// O1  open_unit (release) -> find (acquire): who sees a unit's class may compute its slots.
// Slots are claimed under the lock; guards are installed and headers written outside of it, since both enter the
// kernel.
#include "runtime/stack/stack_arena.hpp"

#include <algorithm>
#include <bit>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>

#include "runtime/base/annotate.hpp"
#include "runtime/base/check.hpp"
#include "runtime/os/address_space.hpp"
#include "runtime/os/system_refusal.hpp"

#include <mote/error.hpp>

namespace mote::detail {
namespace {

constexpr std::size_t mib = kib * kib;
constexpr std::size_t base_alignment = 2 * mib;  // what one page of page tables describes
constexpr std::size_t most_units = 16'384;
constexpr std::size_t access_step = 64 * mib;
constexpr unsigned class_bits = 4;

// Which part of a slot is marked while its reserve is closed.
address_range closed_range(std::uint8_t size_class, std::byte* slot) noexcept {
  return {slot, guard_bytes(size_class) + reserve_bytes(size_class)};
}

std::byte* align_up(std::byte* address, std::size_t alignment) noexcept {
  const auto value = reinterpret_cast<std::uintptr_t>(address);
  return address + (alignment - value % alignment) % alignment;
}

// The smallest class whose guard and reserve are whole pages.
std::uint8_t smallest_class() noexcept { return page_bytes() <= reserve_bytes(0) ? 0 : 1; }

}  // namespace

stack_arena::stack_arena(const stack_options& options) {
  if (options.arena_bytes < smallest_arena)
    throw std::invalid_argument("mote: arena_bytes is " + std::to_string(options.arena_bytes) +
                                ", below the smallest, " + std::to_string(smallest_arena));
  reserve_mapping(options.arena_bytes);
  mapped_guards_left_ = options.mapped_guards;
  kind_ = !options.avoid_markers && markers_work() ? guard_kind::marker : guard_kind::mapping;
  units_ = std::make_unique<atomic<std::uint16_t>[]>(bytes_ / unit_bytes_);
}

stack_arena::~stack_arena() {
  forget_stacks();
  release_addresses(mapping_, mapping_bytes_);
}

void stack_arena::reserve_mapping(std::size_t wanted) {
  for (bytes_ = std::bit_floor(wanted); bytes_ >= smallest_arena; bytes_ /= 2) {
    mapping_bytes_ = bytes_ + base_alignment;
    mapping_ = reserve_addresses(mapping_bytes_);
    if (mapping_ != nullptr) break;
  }
  if (mapping_ == nullptr)
    throw system_limit(std::errc::not_enough_memory, "mote: no " + std::to_string(smallest_arena) +
                                                          " bytes of addresses for stacks; " + limits_on_memory());
  base_ = align_up(mapping_, base_alignment);
  unit_bytes_ = std::clamp(bytes_ / most_units, mib, 64 * mib);
  accessible_ = frontier_ = base_;
}

bool stack_arena::markers_work() noexcept {
  const address_range probe{base_, page_bytes()};
  if (!open_access_to(base_ + access_step) || !install_guards({&probe, 1})) return false;
  return remove_guard(probe.begin, probe.bytes);
}

const char* stack_arena::guards_text() const noexcept {
  return kind_ == guard_kind::marker
             ? "stack guards: markers inside one mapping (MADV_GUARD_INSTALL)"
             : "stack guards: a mapping each for the first stacks, none but a check at switches for the others "
               "(this kernel has no MADV_GUARD_INSTALL, or memory is locked)";
}

std::uint8_t stack_arena::size_class_of(std::size_t bytes) {
  for (std::uint8_t size_class = smallest_class(); size_class < stack_classes; ++size_class) {
    if (bytes <= slot_bytes(size_class)) return size_class;
  }
  throw std::invalid_argument("mote: a stack of " + std::to_string(bytes) + " bytes was asked for, the largest has " +
                              std::to_string(slot_bytes(stack_classes - 1)));
}

// --- carving -------------------------------------------------------------------------------------------------------

// In steps, since each is a system call, and no further than needed where memory is accounted for strictly.
bool stack_arena::open_access_to(std::byte* end) noexcept {
  std::byte* const accessible = accessible_;
  if (end <= accessible) return true;
  std::byte* const generous = std::min(base_ + bytes_, std::max(end, accessible + access_step));
  for (std::byte* goal : {generous, std::min(end, base_ + bytes_)}) {
    if (allow_access(accessible, static_cast<std::size_t>(goal - accessible))) {
      accessible_ = goal;
      return true;
    }
  }
  return false;
}

// Under the lock. Takes from the frontier what the class carves next.
bool stack_arena::open_unit(std::uint8_t size_class) noexcept {
  const std::size_t wanted = std::max(unit_bytes_, slot_bytes(size_class));
  std::byte* const begin = frontier_;
  if (wanted > static_cast<std::size_t>(base_ + bytes_ - begin)) return false;
  if (!open_access_to(begin + wanted)) return false;
  const std::size_t first = static_cast<std::size_t>(begin - base_) / unit_bytes_;
  for (std::size_t i = 0; i < wanted / unit_bytes_; ++i) {
    const std::size_t entry = (i << class_bits) | (size_class + 1u);
    units_[first + i].store(static_cast<std::uint16_t>(entry), release);  // O1
  }
  frontier_ += wanted;
  classes_[size_class].carve = begin;
  classes_[size_class].carve_end = begin + wanted;
  return true;
}

// Under the lock.
std::size_t stack_arena::claim_slots(std::uint8_t size_class, batch& slots, std::size_t most) noexcept {
  class_slots& from = classes_[size_class];
  std::size_t count = 0;
  for (; count < most && !from.bare.empty(); ++count) {
    slots[count] = from.bare.back();
    from.bare.pop_back();
    if (slots[count].carved) from.idle.subtract(1);
  }
  for (; count < most; ++count) {
    if (from.carve == from.carve_end && !open_unit(size_class)) break;
    slots[count] = {from.carve, guard_kind::none, false};
    from.carve += slot_bytes(size_class);
  }
  return count;
}

// Returns how many of the claimed slots are usable, those first; the others wait for better times.
std::size_t stack_arena::guard_slots(std::uint8_t size_class, batch& slots, std::size_t count) noexcept {
  const auto fresh = std::partition(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(count),
                                    [](const bare_slot& slot) { return slot.carved; });
  const auto end = slots.begin() + static_cast<std::ptrdiff_t>(count);
  const auto fresh_count = static_cast<std::size_t>(end - fresh);
  if (fresh_count == 0) return count;
  if (kind_ == guard_kind::mapping || mark_slots(size_class, {fresh, end})) {
    for (auto slot = fresh; slot != end; ++slot) {
      slot->guarded_by = kind_;
      if (kind_ == guard_kind::mapping && !guard_by_mapping(size_class, slot->begin))
        slot->guarded_by = guard_kind::none;
      slot->carved = true;
      unguarded_.fetch_add(slot->guarded_by == guard_kind::none ? 1 : 0, relaxed);
    }
    carved_.fetch_add(fresh_count, relaxed);
    return count;
  }
  const std::lock_guard guard(lock_);
  try {
    classes_[size_class].bare.insert(classes_[size_class].bare.end(), fresh, end);
  } catch (const std::bad_alloc&) {  // addresses are lost, nothing else
  }
  return count - fresh_count;
}

bool stack_arena::mark_slots(std::uint8_t size_class, std::span<const bare_slot> slots) noexcept {
  std::array<address_range, most_at_once> ranges;
  std::transform(slots.begin(), slots.end(), ranges.begin(),
                 [&](const bare_slot& slot) { return closed_range(size_class, slot.begin); });
  return install_guards({ranges.data(), slots.size()});
}

bool stack_arena::guard_by_mapping(std::uint8_t size_class, std::byte* slot) noexcept {
  {
    const std::lock_guard guard(lock_);
    if (mapped_guards_left_ == 0) return false;
    --mapped_guards_left_;
  }
  const address_range range = closed_range(size_class, slot);
  if (forbid_access(range.begin, range.bytes)) return true;
  const std::lock_guard guard(lock_);
  mapped_guards_left_ = 0;
  return false;
}

// --- headers -------------------------------------------------------------------------------------------------------

stack* stack_arena::header_at(std::uint8_t size_class, std::byte* slot) const noexcept {
  const std::size_t index = static_cast<std::size_t>(slot - base_) / slot_bytes(size_class);
  const std::size_t above = (index % stack_colours) * cache_line_bytes + sizeof(stack);
  return reinterpret_cast<stack*>(slot + slot_bytes(size_class) - above);
}

// The first touch of the slot's top page.
MOTE_NO_SANITIZE stack* stack_arena::make_stack(std::uint8_t size_class, bare_slot slot) noexcept {
  stack* const made = new (header_at(size_class, slot.begin)) stack;
  made->limit = slot.begin + guard_bytes(size_class) + reserve_bytes(size_class);
  made->lowest = made->top();
  made->size_class = size_class;
  made->renews = size_class;
  made->guarded_by = slot.guarded_by;
  made->valgrind_id = valgrind_know_stack(made->limit, made->top());
  return made;
}

MOTE_NO_SANITIZE std::size_t stack_arena::take(std::uint8_t size_class, stack** out, std::size_t most) noexcept {
  MOTE_CHECK(size_class < stack_classes && most <= most_at_once);
  batch slots;
  stack* head = nullptr;
  std::size_t found = 0;
  std::size_t claimed = 0;
  {
    const std::lock_guard guard(lock_);
    class_slots& from = classes_[size_class];
    for (; found < most && from.free != nullptr; ++found) {
      stack* const first = from.free;
      from.free = first->next;
      first->next = head;
      head = first;
    }
    from.idle.subtract(found);
    if (found == 0) claimed = claim_slots(size_class, slots, most);  // none is carved while some are free
  }
  const std::size_t ready = guard_slots(size_class, slots, claimed);
  for (std::size_t i = 0; i < ready; ++i) {
    stack* const made = make_stack(size_class, slots[i]);
    made->next = head;
    head = made;
  }
  *out = head;
  return found + ready;
}

MOTE_NO_SANITIZE void stack_arena::give(stack* chain) noexcept {
  if (chain == nullptr) return;
  const std::uint8_t size_class = chain->size_class;
  std::size_t count = 1;
  stack* last = chain;
  for (; last->next != nullptr; last = last->next, ++count) MOTE_CHECK(last->next->size_class == size_class);
  const std::lock_guard guard(lock_);
  class_slots& to = classes_[size_class];
  last->next = to.free;
  to.free = chain;
  to.idle.add(count);
}

// --- giving memory back --------------------------------------------------------------------------------------------

std::size_t stack_arena::release_unused(std::size_t keep) noexcept {
  if (running_on_valgrind()) return 0;  // it knows the stacks by what their headers say
  std::size_t emptied = 0;
  for (std::uint8_t size_class = 0; size_class < stack_classes; ++size_class) {
    const std::lock_guard guard(lock_);
    class_slots& from = classes_[size_class];
    stack** cut = &from.free;
    for (std::size_t i = 0; i < keep && *cut != nullptr; ++i) cut = &(*cut)->next;
    try {
      emptied += empty_stacks(from, *cut);
      *cut = nullptr;
    } catch (const std::bad_alloc&) {  // no memory to give memory back: they stay as they are
    }
  }
  return emptied;
}

// Under the lock. Neighbours go back in one call, guards and all: those survive.
std::size_t stack_arena::empty_stacks(class_slots& from, stack* chain) {
  std::vector<bare_slot> slots;
  for (stack* each = chain; each != nullptr; each = each->next)
    slots.push_back({each->guard(), each->guarded_by, true});
  from.bare.reserve(from.bare.size() + slots.size());
  if (slots.empty()) return 0;
  const std::size_t step = slot_bytes(chain->size_class);
  std::sort(slots.begin(), slots.end(), [](const auto& a, const auto& b) { return a.begin > b.begin; });
  std::size_t run = 1;
  for (std::size_t i = 0; i < slots.size(); ++i, ++run) {
    if (i + 1 < slots.size() && slots[i].begin == slots[i + 1].begin + step) continue;
    const address_range range{slots[i].begin, run * step};
    discard_pages({&range, 1});
    run = 0;
  }
  from.bare.insert(from.bare.end(), slots.begin(), slots.end());
  return slots.size();
}

void stack_arena::forget_stacks() noexcept {
  if (!running_on_valgrind()) return;
  for (std::byte* at = base_; at < frontier_;) {
    const stack* const owner = find(at).owner;
    if (owner != nullptr) valgrind_forget_stack(owner->valgrind_id);
    at += slot_bytes(owner != nullptr ? owner->size_class : std::uint8_t{0});
  }
}

// --- whose address is it -------------------------------------------------------------------------------------------

MOTE_NO_SANITIZE stack_place stack_arena::find(const void* address) const noexcept {
  const auto* const at = static_cast<const std::byte*>(address);
  if (at < base_ || at >= base_ + bytes_) return {nullptr, stack_zone::outside};
  const std::size_t unit = static_cast<std::size_t>(at - base_) / unit_bytes_;
  const std::size_t entry = units_[unit].load(acquire);  // O1
  if (entry == 0) return {nullptr, stack_zone::outside};
  const auto size_class = static_cast<std::uint8_t>((entry & ((1u << class_bits) - 1)) - 1);
  std::byte* const group = base_ + (unit - (entry >> class_bits)) * unit_bytes_;
  const std::size_t offset = static_cast<std::size_t>(at - group);
  std::byte* const slot = group + offset / slot_bytes(size_class) * slot_bytes(size_class);
  stack* const owner = header_at(size_class, slot);
  if (owner->limit != slot + guard_bytes(size_class) + reserve_bytes(size_class)) return {nullptr, stack_zone::outside};
  if (at < owner->reserve()) return {owner, stack_zone::guard};
  return {owner, at < owner->limit ? stack_zone::reserve : stack_zone::usable};
}

stack_usage stack_arena::usage() const noexcept {
  std::size_t idle = 0;
  for (const class_slots& each : classes_) idle += each.idle;
  const std::size_t carved = carved_.load(relaxed);
  return {bytes_, static_cast<std::size_t>(accessible_ - base_), carved, std::min(idle, carved), unguarded_.load(relaxed)};
}

}  // namespace mote::detail
