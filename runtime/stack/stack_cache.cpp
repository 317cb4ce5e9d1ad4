// The cold side of a scheduler's free stacks: meeting the arena, and cleaning up after deep ones.
#include "runtime/stack/stack_cache.hpp"

#include <new>
#include <utility>

#include "runtime/os/address_space.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t shallow_bytes = 8 * kib;  // what an idle stack may keep resident

MOTE_NO_SANITIZE void shed_depth(stack& used) noexcept {
  if (used.lowest + shallow_bytes < used.top()) trim(used, used.top() - shallow_bytes);
  used.lowest = used.top();
}

// The thread sanitizer must not take the next process's frames for those of the last. The header lies among them.
[[maybe_unused]] MOTE_NO_SANITIZE void wipe_traces(stack& used) noexcept {
  const stack header = used;
  const std::size_t bytes = used.usable_bytes() + cache_line_bytes;
  const std::size_t page = page_bytes();
  const tsan_ignore fresh;
  if (remap_pages(used.limit, (bytes + page - 1) / page * page)) new (&used) stack(header);
}

}  // namespace

void stack_cache::give_all() noexcept {
  for (shelf& each : shelves_) arena_.give(std::exchange(each, {}).first);
}

MOTE_NO_SANITIZE stack* stack_cache::refill(std::uint8_t size_class) noexcept {
  shelf& to = shelves_[size_class];
  to.count = arena_.take(size_class, &to.first, batch_of(size_class));
  stack* const first = to.first;
  if (first == nullptr) return nullptr;
  to.first = first->next;
  --to.count;
  return first;
}

// The older half goes: its pages have left the processor's cache anyway.
MOTE_NO_SANITIZE void stack_cache::hand_back(std::uint8_t size_class) noexcept {
  shelf& from = shelves_[size_class];
  stack* last_kept = from.first;
  for (std::size_t i = 1; i < batch_of(size_class); ++i) last_kept = last_kept->next;
  stack* const rest = last_kept->next;
  last_kept->next = nullptr;
  from.count = batch_of(size_class);
  for (stack* each = rest; each != nullptr; each = each->next) shed_depth(*each);
  arena_.give(rest);
}

MOTE_NO_SANITIZE void stack_cache::clean(stack& used) noexcept {
  tsan_destroy_fiber(used.fiber);
  used.fiber = nullptr;
  asan_unpoison(used.open_from(), static_cast<std::size_t>(used.top() - used.open_from()));
  close_reserve(used);
  if (used.lowest + deep_bytes < used.top()) shed_depth(used);
#if defined(MOTE_TSAN)
  wipe_traces(used);
#endif
}

}  // namespace mote::detail
