// The switch itself: the jump (jump.hpp), and around it what travels with a context besides its registers.
// X1  The machine travels as the jump's argument, so that what is restored goes to the thread of arrival.
// X2  There is one place at which contexts go on: the processor predicts that one address. Hence noinline, and no
//     clones.
// X3  No sanitizer instruments these functions: they start on one stack and end on another.
#include "runtime/stack/context.hpp"

#include <cxxabi.h>
#include <pthread.h>

#include <cerrno>

#include "runtime/base/annotate.hpp"
#include "runtime/base/check.hpp"
#include "runtime/stack/jump.hpp"

#if defined(__clang__)
#define MOTE_ONE_COPY __attribute__((noinline))
#else
#define MOTE_ONE_COPY __attribute__((noipa))
#endif

namespace mote::detail {
namespace {

// Beyond this a stack pointer is worth remembering: its pages are more than an idle stack keeps.
constexpr std::uintptr_t shallow_bytes = 8 * kib;

MOTE_NO_SANITIZE void note_depth(stack* running, const void* frame) noexcept {
  const auto depth = reinterpret_cast<std::uintptr_t>(running) - reinterpret_cast<std::uintptr_t>(frame);
  if (depth > shallow_bytes && running != nullptr) [[unlikely]]
    running->note_depth(static_cast<std::byte*>(const_cast<void*>(frame)));
}

MOTE_NO_SANITIZE void announce_switch([[maybe_unused]] void** fake, [[maybe_unused]] stack* to,
                                      [[maybe_unused]] machine& on) noexcept {
#if defined(MOTE_ASAN)
  if (to == nullptr)
    asan_before_switch(fake, on.native_low, on.native_bytes);
  else
    asan_before_switch(fake, to->limit, to->usable_bytes());
#endif
#if defined(MOTE_TSAN)
  tsan_switch_fiber(to == nullptr ? on.native_fiber : to->fiber);
#endif
}

// The bottom frame of every context. Its return address is declared unknown, which is where unwinders stop.
MOTE_NO_SANITIZE MOTE_ONE_COPY void first_frame(context from, machine* on) {
#if defined(__GCC_HAVE_DWARF2_CFI_ASM) || defined(__clang__)
#if defined(__x86_64__)
  __asm__ volatile(".cfi_undefined rip");
#elif defined(__aarch64__)
  __asm__ volatile(".cfi_undefined x30");
#endif
#endif
  asan_after_switch(nullptr);
  *on->exceptions = {};
  *on->error = 0;
  default_control_words(from);
  on->current->entry({from, on});
  check_failed(__FILE__, __LINE__, "a context's entry returned");
}

}  // namespace

MOTE_NO_SANITIZE MOTE_ONE_COPY arrival switch_context(context to, stack* to_stack, machine& on) noexcept {
  const exception_state exceptions = *on.exceptions;
  const int error = *on.error;
  note_depth(on.current, __builtin_frame_address(0));
  on.current = to_stack;
  void* fake = nullptr;
  announce_switch(&fake, to_stack, on);
  const arrival came = jump(to, on);  // X1 X2
  asan_after_switch(fake);
  *came.on->exceptions = exceptions;
  *came.on->error = error;
  return came;
}

MOTE_NO_SANITIZE MOTE_ONE_COPY void leave_context(context to, stack* to_stack, machine& on) noexcept {
  on.current = to_stack;
  announce_switch(nullptr, to_stack, on);
  jump(to, on);
  __builtin_unreachable();
}

// For the thread sanitizer, what makes a fiber comes before what the fiber does: so the thread's own makes it, and not the
// process that happens to run, which has no such order with the one to come.
MOTE_NO_SANITIZE context make_context(stack& on, void (*entry)(arrival), [[maybe_unused]] const machine* maker) noexcept {
  on.entry = entry;
#if defined(MOTE_TSAN)
  if (on.fiber == nullptr) {
    void* const running = tsan_current_fiber();
    if (maker != nullptr && running != maker->native_fiber) tsan_switch_fiber(maker->native_fiber);
    on.fiber = tsan_create_fiber();
    if (running != tsan_current_fiber()) tsan_switch_fiber(running);
  }
#endif
  return plant<first_frame>(on.top(), on.usable_bytes());
}

// What a call keeps beside these, switch_context has put on its stack.
MOTE_NO_SANITIZE frame_registers saved_registers([[maybe_unused]] context of) noexcept {
  frame_registers found;
#if defined(MOTE_OWN_SWITCH)
  const auto* const left = static_cast<const suspended*>(of);
  found.value[frame_registers::stack] = reinterpret_cast<std::uint64_t>(left->stack_pointer);
  found.value[frame_registers::frame] = reinterpret_cast<std::uint64_t>(left->frame_pointer);
  found.value[frame_registers::code] = reinterpret_cast<std::uint64_t>(left->resume);
#endif
  return found;
}

MOTE_NO_SANITIZE MOTE_ONE_COPY void renew_context(machine& on) noexcept {
  *on.exceptions = {};
  *on.error = 0;
  default_control_words();
}

MOTE_NO_SANITIZE void forget_exceptions(machine& on) noexcept {
#if defined(MOTE_ASAN)
  __builtin_unwind_init();  // callers' registers are on the stack, above this variable
  void* const caught = on.exceptions->caught;
  lsan_expect_lost(&caught, on.current->top());
#endif
  *on.exceptions = {};
}

MOTE_ONE_COPY void machine::bind() noexcept {
  exceptions = reinterpret_cast<exception_state*>(abi::__cxa_get_globals());
  error = &errno;
  // One errno serves all processes of a thread, each of which sees its own: to the tool that looks like sharing.
  tsan_expect_races(error, sizeof(int), "errno travels with its process");
  current = nullptr;
  native_fiber = tsan_current_fiber();
  ::pthread_attr_t attributes;
  void* low = nullptr;
  if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return;
  ::pthread_attr_getstack(&attributes, &low, &native_bytes);
  ::pthread_attr_destroy(&attributes);
  native_low = static_cast<const std::byte*>(low);
}

void machine::borrow(const machine& host) noexcept {
  exceptions = host.exceptions;
  error = host.error;
  current = nullptr;
  native_low = host.current != nullptr ? host.current->limit : host.native_low;
  native_bytes = host.current != nullptr ? host.current->usable_bytes() : host.native_bytes;
  native_fiber = tsan_current_fiber();
}

}  // namespace mote::detail
