// The jump from one stack to another, and nothing else. Two implementations: our own on x86-64, Boost.Context's
// jump_fcontext elsewhere or where MOTE_PORTABLE_SWITCH asks for it. Both keep the registers a call keeps, and the
// floating-point control words.
//
// Why our own: jump_fcontext is reached by a call and left by a jump, so that each switch leaves one address too many
// on the processor's stack of predicted returns, and every return after it is predicted wrong: 18.6 ns a switch in a
// ring of 16 (bench/micro/switch_bench.cpp), where this one takes 8.2. Here the jump is part of the function that
// suspends, whose return is predicted. The control words, always stored, are loaded only when they differ: 1.7 of the
// 8.2.
//
// For runtime/stack/context.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/annotate.hpp"
#include "runtime/stack/context.hpp"

#if defined(__x86_64__) && defined(__LP64__) && !defined(MOTE_PORTABLE_SWITCH)
#define MOTE_OWN_SWITCH 1
#else
#include <boost/context/detail/fcontext.hpp>
#endif

namespace mote::detail {

#if defined(MOTE_OWN_SWITCH)

/// Where a suspended context goes on. Lies in the frame that suspended it; a context is its address.
struct suspended {
  void* stack_pointer;
  void* frame_pointer;
  const void* resume;
  std::uint32_t sse_control;  // with the sticky flags of what was inexact and so on: they are the context's own, too
  std::uint16_t x87_control;
};

inline constexpr std::uint32_t default_sse_control = 0x1f80;  // round to nearest, all exceptions masked
inline constexpr std::uint16_t default_x87_control = 0x037f;  // the same, 64 bits of precision

MOTE_NO_SANITIZE inline void store_control_words(suspended& to) noexcept {
  __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(to.sse_control), "=m"(to.x87_control));
}

/// Loading costs several times what comparing does. before: what is in force.
MOTE_NO_SANITIZE inline void load_control_words(const suspended& before, const suspended& wanted) noexcept {
  if (before.sse_control != wanted.sse_control) [[unlikely]] {
    __asm__ volatile("ldmxcsr %0" : : "m"(wanted.sse_control));
  }
  if (before.x87_control != wanted.x87_control) [[unlikely]] {
    __asm__ volatile("fldcw %0" : : "m"(wanted.x87_control));
  }
}

/// Part of the function that suspends, which the compiler told of every register lost keeps those its caller needs. rbp
/// may be its frame's base and cannot be named as lost: it is kept by hand. Nothing is pushed: the red zone stays
/// whole. On the far side `from` and `on` are where a function returns such a pair, and where it takes it, for a context that
/// begins is a function called (plant).
MOTE_NO_SANITIZE inline __attribute__((always_inline)) arrival jump(context to, machine& on) noexcept {
  suspended self;
  store_control_words(self);
  void* from = &self;
  machine* now = &on;
  void* target = to;
  __asm__ volatile(
      "leaq 1f(%%rip), %%rcx\n\t"
      "movq %%rsp, 0(%%rax)\n\t"
      "movq %%rbp, 8(%%rax)\n\t"
      "movq %%rcx, 16(%%rax)\n\t"
      "movq 0(%%rdi), %%rsp\n\t"
      "movq 8(%%rdi), %%rbp\n\t"
      "movq 16(%%rdi), %%rcx\n\t"
      "movq %%rax, %%rdi\n\t"
      "movq %%rdx, %%rsi\n\t"
      "jmpq *%%rcx\n"
      "1:"
      : "+a"(from), "+d"(now), "+D"(target)
      :
      : "rbx", "rcx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3",
        "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc",
        "memory");
  load_control_words(*static_cast<suspended*>(from), self);
  return {from, now};
}

/// A context that begins, at top and downwards, as if First(from, on) had been called from nowhere.
template <void (*First)(context from, machine* on)>
MOTE_NO_SANITIZE context plant(std::byte* top, std::size_t) noexcept {
  auto* const record = reinterpret_cast<suspended*>(top) - 1;  // top is the start of a cache line
  auto** const nowhere = reinterpret_cast<void**>(reinterpret_cast<std::uintptr_t>(record) & ~std::uintptr_t{15}) - 1;
  *nowhere = nullptr;
  *record = {nowhere, nullptr, reinterpret_cast<const void*>(First), default_sse_control, default_x87_control};
  return record;
}

/// For a context that begins: what the one before had is in force.
MOTE_NO_SANITIZE inline void default_control_words(context from) noexcept {
  static constexpr suspended wanted{nullptr, nullptr, nullptr, default_sse_control, default_x87_control};
  load_control_words(*static_cast<const suspended*>(from), wanted);
}

MOTE_NO_SANITIZE inline void default_control_words() noexcept {
  suspended now;
  store_control_words(now);
  default_control_words(&now);
}

#else

MOTE_NO_SANITIZE inline __attribute__((always_inline)) arrival jump(context to, machine& on) noexcept {
  const auto came = boost::context::detail::jump_fcontext(to, &on);
  return {came.fctx, static_cast<machine*>(came.data)};
}

template <void (*First)(context from, machine* on)>
context plant(std::byte* top, std::size_t bytes) noexcept {
  return boost::context::detail::make_fcontext(
      top, bytes, [](boost::context::detail::transfer_t came) { First(came.fctx, static_cast<machine*>(came.data)); });
}

inline void default_control_words() noexcept {
#if defined(__x86_64__)
  constexpr std::uint32_t sse = 0x1f80;
  constexpr std::uint16_t x87 = 0x037f;
  __asm__ volatile("ldmxcsr %0\n\tfldcw %1" : : "m"(sse), "m"(x87));
#elif defined(__aarch64__)
  __asm__ volatile("msr fpcr, xzr");
#endif
}

inline void default_control_words(context) noexcept { default_control_words(); }

#endif

}  // namespace mote::detail
