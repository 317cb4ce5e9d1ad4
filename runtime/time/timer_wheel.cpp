// The timing wheel: arm puts a timer into the slot of its tick, advance opens slot after slot. A slot of the lowest
// level holds one tick and is fired, a slot of a higher level holds 64 slots of the one below and is put there.
#include "runtime/time/timer_wheel.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>
#include <type_traits>
#include <utility>

#include "runtime/base/check.hpp"

namespace mote::detail {
namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

bool is_empty(const timer_links& list) noexcept { return list.next == &list; }

void push_back(timer_links& list, timer_links& node) noexcept {
  node.next = &list;
  node.previous = std::exchange(list.previous, &node);
  node.previous->next = &node;
}

timer& pop_front(timer_links& list) noexcept {
  timer_links* first = list.next;
  list.next = first->next;
  first->next->previous = &list;
  first->next = first->previous = first;
  return static_cast<timer&>(*first);
}

void append_all(timer_links& list, timer_links& from) noexcept {
  if (is_empty(from)) return;
  from.next->previous = list.previous;
  list.previous->next = from.next;
  from.previous->next = &list;
  list.previous = from.previous;
  from.next = from.previous = &from;
}

}  // namespace

/// A block of timers. Aligned to its size, so that a timer finds its home in the first line and needs no field for it.
struct alignas(64) timer_wheel::slab {
  explicit slab(timer_wheel& owner) noexcept : home(&owner) {}

  timer_wheel* home;
  timer* at(std::size_t index) noexcept { return reinterpret_cast<timer*>(this + 1) + index; }
  static constexpr std::size_t capacity = slab_bytes / sizeof(timer) - 1;
};

void timer_wheel::slab_deleter::operator()(slab* memory) const noexcept {
  static_assert(sizeof(slab) == sizeof(timer) && std::is_trivially_destructible_v<timer>);
  ::operator delete (memory, std::align_val_t{slab_bytes});
}

timer_wheel& timer::home() const noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(this);
  return *reinterpret_cast<const timer_wheel::slab*>(address & ~(timer_wheel::slab_bytes - 1))->home;
}

timer_wheel::timer_wheel(std::uint64_t now_ns, void (*drop)(timer&) noexcept)
    : tick_(now_ns >> tick_shift), drop_(drop) {
  static_assert(tick_ns == std::uint64_t{1} << tick_shift && levels * level_bits > 64 - tick_shift);
}

timer_wheel::~timer_wheel() { drop_pending(); }

std::size_t timer_wheel::drop_pending() noexcept {
  take_back_cancelled();
  std::size_t dropped = drop_all(due_) + drop_all(overdue_) + drop_all(moving_);
  for (auto& level : slots_) {
    for (timer_links& slot : level) dropped += drop_all(slot);
  }
  return dropped;
}

timer_id timer_wheel::arm(std::uint64_t deadline_ns, void (*fire)(timer&) noexcept, void* subject, std::uint64_t detail,
                          void* payload) {
  timer* const armed = allocate();
  const std::uint64_t generation = armed->state.generation();
  armed->fire = fire;
  armed->subject = subject;
  armed->detail = detail;
  armed->payload = payload;
  armed->state.arm(generation, deadline_ns);
  put(*armed, overdue_);
  size_.add(1);
  return {armed, generation};
}

bool timer_wheel::cancel(timer_id id, timer_wheel* caller_wheel, void** payload) noexcept {
  if (id.node == nullptr || !id.node->state.cancel(id.generation)) return false;
  if (payload != nullptr) *payload = id.node->payload;  // S2
  timer_wheel& home = id.node->home();
  if (&home == caller_wheel) {
    home.remove(*id.node);
  } else {
    home.cancelled_.push(*id.node);  // T3
  }
  return true;
}

std::optional<std::uint64_t> timer_wheel::deadline_of(timer_id id) noexcept {
  return id.node == nullptr ? std::nullopt : id.node->state.deadline(id.generation);
}

std::size_t timer_wheel::advance(std::uint64_t now_ns, std::size_t most) {
  take_back_cancelled();
  append_all(due_, overdue_);
  const std::uint64_t target = std::max(tick_, now_ns >> tick_shift);
  std::size_t moves = std::min(most, never / moves_per_fire) * moves_per_fire;
  std::size_t fired = 0;
  for (;;) {
    fired += fire_due(most - fired);
    moves -= move_down(moves);
    if (!is_empty(due_) && fired < most) continue;
    if (!is_empty(due_) || !is_empty(moving_)) return fired;  // T2 forbids to go on before both are empty
    const std::optional<place> next = earliest();
    if (!next || next->tick > target) break;
    open(*next);
  }
  tick_ = target;
  return fired;
}

std::uint64_t timer_wheel::next_deadline() const noexcept {
  if (size_ == 0) return never;
  if (work_at_hand()) return tick_ << tick_shift;
  const std::optional<place> next = earliest();
  return next && next->tick <= never >> tick_shift ? next->tick << tick_shift : never;
}

// Puts a timer into the slot of its tick (T2), or, where the wheel has come that far, at the end of `due`.
void timer_wheel::put(timer& pending, timer_links& due) noexcept {
  const std::uint64_t deadline_ns = pending.state.deadline();
  const std::uint64_t tick = (deadline_ns >> tick_shift) + ((deadline_ns & (tick_ns - 1)) != 0);  // up: never early
  if (tick <= tick_) return push_back(due, pending);
  const auto level = static_cast<unsigned>(std::bit_width(tick ^ tick_) - 1) / level_bits;
  const auto slot = static_cast<unsigned>(tick >> (level * level_bits)) % slots_per_level;
  push_back(slots_[level][slot], pending);
  occupied_[level] |= std::uint64_t{1} << slot;  // T1
}

// The slot that must be opened next. The lowest level in use has it (T2), and a slot of it is reached at its first
// tick.
std::optional<timer_wheel::place> timer_wheel::earliest() const noexcept {
  for (unsigned level = 0; level < levels; ++level) {
    if (occupied_[level] == 0) continue;
    const auto slot = static_cast<unsigned>(std::countr_zero(occupied_[level]));
    const unsigned shift = level * level_bits;
    const std::uint64_t block = tick_ >> (shift + level_bits) << (shift + level_bits);
    return place{level, slot, block + (std::uint64_t{slot} << shift)};
  }
  return std::nullopt;
}

void timer_wheel::open(const place& where) noexcept {
  MOTE_CHECK(where.tick > tick_);  // T2
  tick_ = where.tick;
  occupied_[where.level] &= ~(std::uint64_t{1} << where.slot);  // T1
  append_all(where.level == 0 ? due_ : moving_, slots_[where.level][where.slot]);
}

std::size_t timer_wheel::move_down(std::size_t most) noexcept {
  std::size_t moved = 0;
  for (; moved < most && !is_empty(moving_); ++moved) put(pop_front(moving_), due_);
  return moved;
}

std::size_t timer_wheel::fire_due(std::size_t most) {
  std::size_t fired = 0;
  while (fired < most && !is_empty(due_)) {
    timer& next = pop_front(due_);
    if (!next.state.fire(next.state.generation()))
      continue;  // cancelled elsewhere; take_back_cancelled will meet it (T3)
    size_.subtract(1);
    __builtin_prefetch(due_.next, 1);  // comes in while the callback works
    next.fire(next);
    recycle(next);
    ++fired;
  }
  return fired;
}

void timer_wheel::take_back_cancelled() noexcept {
  for (timer* next = cancelled_.take_all(); next != nullptr;) {
    timer& ended = *std::exchange(next, next->link());
    remove(ended);
  }
}

// Takes a cancelled timer out of whatever list it is in, if any.
void timer_wheel::remove(timer& ended) noexcept {
  timer_links* const other = ended.next;
  ended.previous->next = other;
  other->previous = ended.previous;
  const auto* const first = slots_.front().data();
  if (other == other->next && other >= first && other < first + levels * slots_per_level) {  // it was the slot's last
    const auto index = static_cast<unsigned>(other - first);
    occupied_[index / slots_per_level] &= ~(std::uint64_t{1} << index % slots_per_level);  // T1
  }
  size_.subtract(1);
  recycle(ended);
}

bool timer_wheel::work_at_hand() const noexcept { return !is_empty(due_) || !is_empty(overdue_) || !is_empty(moving_); }

timer* timer_wheel::allocate() {
  if (free_ == nullptr) take_back_cancelled();
  if (free_ == nullptr) return allocate_fresh();
  timer* const taken = std::exchange(free_, static_cast<timer*>(free_->next));
  __builtin_prefetch(free_, 1);  // the next to be taken, likely long out of the cache
  return taken;
}

timer* timer_wheel::allocate_fresh() {
  if (fresh_ == 0) {
    void* const memory = ::operator new (slab_bytes, std::align_val_t{slab_bytes});
    slabs_.push_back(std::unique_ptr<slab, slab_deleter>(new (memory) slab(*this)));
    fresh_ = slab::capacity;
  }
  return new (slabs_.back()->at(--fresh_)) timer;
}

void timer_wheel::recycle(timer& ended) noexcept {
  ended.state.recycle();
  ended.next = std::exchange(free_, &ended);
}

std::size_t timer_wheel::drop_all(timer_links& list) noexcept {
  std::size_t dropped = 0;
  for (; !is_empty(list); ++dropped) {
    timer& pending = pop_front(list);
    if (drop_ != nullptr) drop_(pending);
  }
  return dropped;
}

}  // namespace mote::detail
