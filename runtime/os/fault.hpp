// What a memory fault interrupted, as its signal handler sees it: the address touched, where the thread was, and how to let it
// go on elsewhere, or instruction by instruction.
#pragma once

#include <cstddef>
#include <span>

namespace mote::detail {

/// One function's call, on its way to another.
struct call_frame {
  static constexpr std::size_t kept_registers = 6;
  const std::byte* at = nullptr;        ///< the instruction that faulted, or to which its callee returns
  std::byte* stack_pointer = nullptr;   ///< there
  const std::byte* begin = nullptr;     ///< of the function; nullptr: not known
  const std::byte* table = nullptr;     ///< what the compiler noted of exceptions that pass through; nullptr: nothing is to be done
  void* kept[kept_registers] = {};      ///< the registers that a callee keeps for it
};

/// Whether the compiler expects an exception out of the call that returns to frame.at. Where it does not, as in a call of a
/// noexcept function, one that came all the same would end in std::terminate. Async-signal-safe.
bool expects_exception(const call_frame& frame) noexcept;

/// A fault, or a step, for as long as its handler runs. Async-signal-safe all.
class fault {
 public:
  /// state: the third argument of a handler of siginfo's kind.
  fault(const void* address, void* state, bool is_step) noexcept : address_(address), state_(state), is_step_(is_step) {}

  /// No fault, but the one instruction done that step() asked for.
  bool is_step() const noexcept { return is_step_; }
  const std::byte* address() const noexcept { return static_cast<const std::byte*>(address_); }
  const std::byte* instruction() const noexcept;
  std::byte* stack_pointer() const noexcept;

  /// The interrupted function and those that called it, innermost first. Returns how many were found: fewer than there is room
  /// for where the stack begins, or where a function without unwind tables is met; 0: this processor is not known.
  std::size_t callers(std::span<call_frame> into) const noexcept;

  /// When the handler returns, it will be as if `frame`, which returns from there to `frame.at`, had called `callee`.
  void call_instead(const call_frame& frame, void (*callee)()) const noexcept;
  /// When the handler returns, one instruction will be done, and the handler called again; or, when off, no longer. False: this
  /// processor cannot.
  bool step(bool on) const noexcept;
  /// The bytes of the call that the thread was about to make, when it is at an instruction that calls; 0: it is not.
  std::size_t bytes_of_call() const noexcept;

 private:
  const void* address_;
  void* state_;
  bool is_step_;
};

/// Whether the address lies in the C or C++ library or the loader, whose locks nobody else sees. Where they are not libraries of
/// their own (linked statically), everything does. Async-signal-safe after know_system_libraries().
bool in_system_library(const void* address) noexcept;
/// To be called before the first fault, by any thread.
void know_system_libraries() noexcept;

}  // namespace mote::detail
