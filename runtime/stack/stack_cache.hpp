// A scheduler's own free stacks: the last one given is the next one taken, while its top page is still in the cache.
// Meets the arena, and its lock, once for many stacks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "runtime/base/annotate.hpp"
#include "runtime/stack/stack_arena.hpp"

namespace mote::detail {

/// Owner thread only, from whatever process runs on it.
class stack_cache {
 public:
  explicit stack_cache(stack_arena& arena) noexcept : arena_(arena) {}
  ~stack_cache() { give_all(); }
  stack_cache(const stack_cache&) = delete;
  stack_cache& operator=(const stack_cache&) = delete;

  /// A stack of the class, about 1 ns while some are at hand, else as stack_arena::take. nullptr: none are left.
  MOTE_NO_SANITIZE stack* take(std::uint8_t size_class) noexcept {
    shelf& from = shelves_[size_class];
    stack* const first = from.first;
    if (first == nullptr) [[unlikely]]
      return refill(size_class);
    from.first = first->next;
    --from.count;
    return first;
  }

  /// Back to the arena with all.
  void give_all() noexcept;

  /// Takes a stack back on which nothing runs any more. Pages far down, as far as its owner noted them, go back to the
  /// system: at once beyond 64 KiB, when the stack leaves the cache beyond 8 KiB.
  MOTE_NO_SANITIZE void give(stack* used) noexcept {
    if (needs_care(*used)) [[unlikely]]
      clean(*used);
    shelf& to = shelves_[used->size_class];
    used->next = to.first;
    to.first = used;
    if (++to.count > most_kept(used->size_class)) [[unlikely]]
      hand_back(used->size_class);
  }

 private:
  struct shelf {
    stack* first = nullptr;
    std::size_t count = 0;
  };

  static constexpr std::size_t deep_bytes = 64 * kib;

  /// How many stacks meet the arena at once: few of the large ones, whose pages are many.
  static constexpr std::size_t batch_of(std::uint8_t size_class) noexcept {
    return size_class < 2 ? 32 : size_class == 2 ? 8 : 1;
  }
  static constexpr std::size_t most_kept(std::uint8_t size_class) noexcept { return 2 * batch_of(size_class); }

  MOTE_NO_SANITIZE static bool needs_care([[maybe_unused]] const stack& used) noexcept {
#if defined(MOTE_ASAN) || defined(MOTE_TSAN)
    return true;
#else
    return used.lowest + deep_bytes < used.top() || used.reserve_open();
#endif
  }

  stack* refill(std::uint8_t size_class) noexcept;
  void hand_back(std::uint8_t size_class) noexcept;
  static void clean(stack& used) noexcept;

  stack_arena& arena_;
  std::array<shelf, stack_classes> shelves_{};
};

}  // namespace mote::detail
