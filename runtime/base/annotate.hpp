// What sanitizers and valgrind must be told about a runtime that switches stacks. Without such a tool every function
// here is empty and every macro says nothing, so that callers need no #if of their own.
//
// MOTE_NO_SANITIZE       a function that no sanitizer instruments, not even its entry, exit and atomics; never inlined
//                        into one that is (the compilers refuse to mix).
// tsan_release/acquire   the real order between two processes where the tool cannot see it: processes are fibers
//                        switched with the flag no_sync, so that sharing without messages is reported even on one
//                        scheduler.
// Source: sanitizer/common_interface_defs.h, sanitizer/tsan_interface.h, valgrind/valgrind.h.
#pragma once

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define MOTE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MOTE_ASAN 1
#endif
#endif

#if defined(__SANITIZE_THREAD__)
#define MOTE_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MOTE_TSAN 1
#endif
#endif

#if defined(__clang__)
#define MOTE_NO_SANITIZE \
  __attribute__((disable_sanitizer_instrumentation, no_sanitize("address", "thread", "undefined")))
#else
#define MOTE_NO_SANITIZE __attribute__((no_sanitize("address"), no_sanitize("thread"), no_sanitize("undefined")))
#endif

#if defined(MOTE_ASAN)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if defined(MOTE_TSAN)
#include <sanitizer/tsan_interface.h>
#endif
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define MOTE_VALGRIND 1
#endif

#if defined(MOTE_TSAN)
extern "C" {
void AnnotateBenignRaceSized(const char* file, int line, const volatile void* address, unsigned long bytes,
                             const char* why);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}
#endif

namespace mote::detail {

/// What this thread, or the process on it, did so far comes before what follows a tsan_acquire of the same address.
inline void tsan_release([[maybe_unused]] const void* address) noexcept {
#if defined(MOTE_TSAN)
  __tsan_release(const_cast<void*>(address));
#endif
}

inline void tsan_acquire([[maybe_unused]] const void* address) noexcept {
#if defined(MOTE_TSAN)
  __tsan_acquire(const_cast<void*>(address));
#endif
}

/// Races on these bytes are not reported: the runtime gives each process its own value of them.
inline void tsan_expect_races([[maybe_unused]] const void* address, [[maybe_unused]] std::size_t bytes,
                              [[maybe_unused]] const char* why) noexcept {
#if defined(MOTE_TSAN)
  AnnotateBenignRaceSized(__FILE__, __LINE__, address, bytes, why);
#endif
}

/// From here to the end, plain reads and writes of the running fiber are the scheduler's, not the process's: processes
/// that follow one another on a thread are ordered there by running one after the other, which the tool is not to take for
/// an order between processes. Atomic operations count as always. Each fiber for itself; pairs nest.
MOTE_NO_SANITIZE inline void tsan_enter_scheduler() noexcept {
#if defined(MOTE_TSAN)
  AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
  AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
#endif
}
MOTE_NO_SANITIZE inline void tsan_leave_scheduler() noexcept {
#if defined(MOTE_TSAN)
  AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
  AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
#endif
}

/// tsan_enter_scheduler while one lives.
class tsan_in_scheduler {
 public:
  tsan_in_scheduler() noexcept { tsan_enter_scheduler(); }
  ~tsan_in_scheduler() { tsan_leave_scheduler(); }
  tsan_in_scheduler(const tsan_in_scheduler&) = delete;
  tsan_in_scheduler& operator=(const tsan_in_scheduler&) = delete;
};

/// While one lives, memory that is mapped counts as fresh, not as written by the running process.
class tsan_ignore {
 public:
#if defined(MOTE_TSAN)
  tsan_ignore() noexcept { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~tsan_ignore() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
#else
  tsan_ignore() noexcept {}
#endif
  tsan_ignore(const tsan_ignore&) = delete;
  tsan_ignore& operator=(const tsan_ignore&) = delete;
};

/// The memory may be used again, whatever its last user left marked.
inline void asan_unpoison([[maybe_unused]] const void* begin, [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(MOTE_ASAN)
  __asan_unpoison_memory_region(begin, bytes);
#endif
}

/// Before a switch to the stack [low, low + bytes). fake keeps what the leaving context needs on return; nullptr: it
/// never returns.
MOTE_NO_SANITIZE inline void asan_before_switch([[maybe_unused]] void** fake, [[maybe_unused]] const void* low,
                                                [[maybe_unused]] std::size_t bytes) noexcept {
#if defined(MOTE_ASAN)
  __sanitizer_start_switch_fiber(fake, low, bytes);
#endif
}

/// First thing on the arriving stack. fake: what asan_before_switch kept, nullptr on a new stack.
MOTE_NO_SANITIZE inline void asan_after_switch([[maybe_unused]] void* fake) noexcept {
#if defined(MOTE_ASAN)
  __sanitizer_finish_switch_fiber(fake, nullptr, nullptr);
#endif
}

/// A stack is given up with all that is on it: what its words [low, high) point to, and the frames that the tool keeps
/// elsewhere, are lost on purpose, and no leaks to report.
MOTE_NO_SANITIZE inline void lsan_expect_lost([[maybe_unused]] const void* low,
                                              [[maybe_unused]] const void* high) noexcept {
#if defined(MOTE_ASAN)
  void* const fake = __asan_get_current_fake_stack();
  for (auto* word = static_cast<void* const*>(low); word < high; ++word) {
    void* begin = nullptr;
    void* end = nullptr;
    __lsan_ignore_object(*word);
    if (__asan_addr_is_in_fake_stack(fake, *word, &begin, &end) == nullptr) continue;
    for (auto* held = static_cast<void* const*>(begin); held < end; ++held) __lsan_ignore_object(*held);
  }
#endif
}

/// The fiber that stands for what runs now; nullptr without the tool.
MOTE_NO_SANITIZE inline void* tsan_current_fiber() noexcept {
#if defined(MOTE_TSAN)
  return __tsan_get_current_fiber();
#else
  return nullptr;
#endif
}

MOTE_NO_SANITIZE inline void* tsan_create_fiber() noexcept {
#if defined(MOTE_TSAN)
  return __tsan_create_fiber(0);
#else
  return nullptr;
#endif
}

/// fiber  nullptr, or one that does not run.
MOTE_NO_SANITIZE inline void tsan_destroy_fiber([[maybe_unused]] void* fiber) noexcept {
#if defined(MOTE_TSAN)
  if (fiber != nullptr) __tsan_destroy_fiber(fiber);
#endif
}

/// Just before the switch itself. Does not order the two fibers.
MOTE_NO_SANITIZE inline void tsan_switch_fiber([[maybe_unused]] void* fiber) noexcept {
#if defined(MOTE_TSAN)
  __tsan_switch_to_fiber(fiber, __tsan_switch_to_fiber_no_sync);
#endif
}

/// Tells valgrind of a stack. Returns its id for valgrind_forget_stack; 0 outside valgrind.
inline unsigned valgrind_know_stack([[maybe_unused]] const void* low, [[maybe_unused]] const void* high) noexcept {
#if defined(MOTE_VALGRIND)
  if (RUNNING_ON_VALGRIND != 0) return static_cast<unsigned>(VALGRIND_STACK_REGISTER(low, high));
#endif
  return 0;
}

inline void valgrind_forget_stack([[maybe_unused]] unsigned id) noexcept {
#if defined(MOTE_VALGRIND)
  VALGRIND_STACK_DEREGISTER(id);
#endif
}

inline bool running_on_valgrind() noexcept {
#if defined(MOTE_VALGRIND)
  return RUNNING_ON_VALGRIND != 0;
#else
  return false;
#endif
}

}  // namespace mote::detail
