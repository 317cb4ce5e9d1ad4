// Who called whom on a stack that the caller does not stand on: from the registers of one that is suspended, upwards, by the
// tables that the compiler writes for exceptions (.eh_frame). No frame pointers are needed, and nothing is run there.
//
// Why our own: the C++ runtime's unwinder begins at its caller only, and libraries that begin elsewhere are one more thing to
// link for every user. The tables are found by that unwinder (_Unwind_Find_FDE), which takes no lock with glibc 2.35 or later.
// On processors other than x86-64 only the first address is told.
// Source: DWARF 5, section 6.4; System V ABI, AMD64 supplement, 3.7; LSB core, "Exception Frames".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace mote::detail {

/// The registers that a walk begins with. Those that a call need not keep are left out.
struct frame_registers {
  static constexpr unsigned count = 17;  ///< by DWARF's numbers: 3 rbx, 6 rbp, 7 rsp, 12 to 15, 16 the address of code
  static constexpr unsigned frame = 6, stack = 7, code = 16;
  std::array<std::uint64_t, count> value{};
};

/// What the walk may read.
struct stack_range {
  const std::byte* low = nullptr;
  const std::byte* high = nullptr;
};

/// Writes the addresses of code, innermost first, and returns how many, `most` at most. Stops where nothing is known of an
/// address, or where a frame would lie outside of the range; so a stack that is being changed meanwhile gives wrong addresses
/// at worst. A frame pointer of 0 is taken for not known: where it is needed, it is guessed by what lies on the stack. Any thread;
/// async-signal-safe, with some 2 KiB of stack; a microsecond or less a frame.
std::size_t backtrace_of(frame_registers from, stack_range within, const void** into, std::size_t most) noexcept;

/// What a signal handler was given as its third argument.
frame_registers registers_of(const void* machine_state) noexcept;

/// The caller's own. To be walked as long as the caller has not returned.
#if defined(__x86_64__)
__attribute__((always_inline)) inline frame_registers registers_here() noexcept {
  frame_registers now;
  auto& of = now.value;
  __asm__ volatile(
      "movq %%rbx, 24(%0)\n\tmovq %%rbp, 48(%0)\n\tmovq %%rsp, 56(%0)\n\tmovq %%r12, 96(%0)\n\tmovq %%r13, 104(%0)\n\t"
      "movq %%r14, 112(%0)\n\tmovq %%r15, 120(%0)\n\tleaq 0(%%rip), %%rax\n\tmovq %%rax, 128(%0)"
      :
      : "r"(of.data())
      : "rax", "memory");
  return now;
}
#else
inline frame_registers registers_here() noexcept { return {}; }
#endif

}  // namespace mote::detail
