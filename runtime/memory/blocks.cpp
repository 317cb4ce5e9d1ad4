// Finds the allocator: mimalloc without replacing the program's malloc, or malloc.
// B1  The choice is made once and before the first block is handed out, so each block goes back to whom it came from.
#include "runtime/memory/blocks.hpp"

#include <dlfcn.h>

#include <cstdlib>
#include <mutex>

#include "runtime/base/annotate.hpp"

#if defined(MOTE_MIMALLOC_BUILT_IN)
#include <mimalloc.h>
#endif

namespace mote::detail {
namespace {

// The first call, should it come before the constructor below.
void* small_after_choice(std::size_t size_bytes);
void* any_after_choice(std::size_t size_bytes);
void release_after_choice(void* block);

constexpr block_functions from_malloc{std::malloc, std::malloc, std::free, true};
constexpr block_functions from_watched_malloc{std::malloc, std::malloc, std::free, false};

/// A sanitizer or valgrind has replaced malloc in this program, whether or not this library was built for it.
bool malloc_is_watched() noexcept {
  if (running_on_valgrind()) return true;
  for (const char* mark : {"__asan_init", "__lsan_init", "__tsan_init", "__msan_init", "__hwasan_init"})
    if (dlsym(RTLD_DEFAULT, mark) != nullptr) return true;
  return false;
}

#if defined(MOTE_MIMALLOC_OVERRIDE)
block_functions from_mimalloc() noexcept { return from_malloc; }  // which is mimalloc's
#elif defined(MOTE_MIMALLOC_BUILT_IN)
block_functions from_mimalloc() noexcept { return {mi_malloc_small, mi_malloc, mi_free, true}; }
#else
template <class Function>
void find(void* library, const char* name, Function*& function) noexcept {
  function = reinterpret_cast<Function*>(dlsym(library, name));
}

/// The functions of the system's mimalloc, or malloc's when there is none. The library is never closed.
block_functions from_mimalloc() noexcept {
  for (const char* name : {"libmimalloc.so.2", "libmimalloc.so.3", "libmimalloc.so"}) {
    void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (library == nullptr) continue;
    block_functions found{nullptr, nullptr, nullptr, true};
    find(library, "mi_malloc_small", found.small);
    find(library, "mi_malloc", found.any);
    find(library, "mi_free", found.release);
    if (found.small != nullptr && found.any != nullptr && found.release != nullptr) return found;
  }
  return from_malloc;
}
#endif

void choose() noexcept {
  static std::once_flag once;
  std::call_once(once, [] { blocks_in_use = malloc_is_watched() ? from_watched_malloc : from_mimalloc(); });
}

void* small_after_choice(std::size_t size_bytes) {
  choose();
  return blocks_in_use.small(size_bytes);
}

void* any_after_choice(std::size_t size_bytes) {
  choose();
  return blocks_in_use.any(size_bytes);
}

void release_after_choice(void* block) {
  choose();
  blocks_in_use.release(block);
}

// Before the constructors of any static object, and before there is a second thread.
[[gnu::constructor(101)]] void choose_before_main() { choose(); }

}  // namespace

constinit block_functions blocks_in_use{small_after_choice, any_after_choice, release_after_choice, false};

const char* allocator_name() noexcept {
  choose();
  return blocks_in_use.release == from_malloc.release ? "malloc" : "mimalloc";
}

}  // namespace mote::detail
