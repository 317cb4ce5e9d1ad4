// A pointer of each thread's own, read so that a process which moved to another thread never sees the old thread's.
// Compilers may compute a thread-local's address once and keep it over a call; a context switch inside the call makes
// that address the wrong thread's (clang 16 does so at -O2 and -O3). So the address never becomes visible: on x86-64
// one volatile asm computes it and loads through it; elsewhere a function that is neither inlined nor looked into does.
// The storage uses the initial-exec model (8 bytes of the static block), so that a shared library pays no call either.
#pragma once

/// MOTE_THREAD_POINTER(type, name), in a namespace, defines  type* name() noexcept  and  void set_name(type*) noexcept
/// over a thread-local pointer that starts as nullptr. Works in headers; name is unique in the program.
/// Blocks never, fails never; any thread and any process; async-signal-safe.
#define MOTE_THREAD_POINTER(type, name)                              \
  inline __thread type* name##_storage __asm__("mote_thread_" #name) \
      __attribute__((used, tls_model("initial-exec"))) = nullptr;    \
  MOTE_THREAD_POINTER_ACCESS(type, name)

#if defined(__x86_64__) && defined(__LP64__)

#define MOTE_THREAD_POINTER_ACCESS(type, name)                                                              \
  [[maybe_unused]] inline type* name() noexcept {                                                           \
    type* value;                                                                                            \
    __asm__ volatile("movq mote_thread_" #name "@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(value)); \
    return value;                                                                                           \
  }                                                                                                         \
  [[maybe_unused]] inline void set_##name(type* value) noexcept {                                           \
    long offset;                                                                                            \
    __asm__ volatile("movq mote_thread_" #name "@gottpoff(%%rip), %0\n\tmovq %1, %%fs:(%0)"                 \
                     : "=&r"(offset)                                                                        \
                     : "r"(value)                                                                           \
                     : "memory");                                                                           \
  }

#else

#define MOTE_THREAD_POINTER_ACCESS(type, name)                             \
  __attribute__((noinline)) inline type* name() noexcept {                 \
    __asm__ volatile("" ::: "memory");                                     \
    type* value = name##_storage;                                          \
    __asm__ volatile("" : "+r"(value));                                    \
    return value;                                                          \
  }                                                                        \
  __attribute__((noinline)) inline void set_##name(type* value) noexcept { \
    __asm__ volatile("" ::: "memory");                                     \
    name##_storage = value;                                                \
    __asm__ volatile("" ::: "memory");                                     \
  }

#endif
