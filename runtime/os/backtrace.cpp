// A walk up a stack: what the tables say of each frame (frame_rules.hpp) tells where its caller's registers are.
#include "runtime/os/backtrace.hpp"

#include "runtime/base/annotate.hpp"
#include "runtime/os/frame_rules.hpp"

#include <ucontext.h>

namespace mote::detail {

namespace {

using word = std::uint64_t;

/// The stack that is walked, and no other memory.
class walked_stack {
 public:
  explicit walked_stack(stack_range within) noexcept : within_(within) {}
  bool holds(word address) const noexcept {
    const auto high = reinterpret_cast<word>(within_.high);
    return address % 8 == 0 && address >= reinterpret_cast<word>(within_.low) && address < high && high - address >= 8;
  }
  /// False: outside. What is read belongs to whoever runs there, if anyone does.
  MOTE_NO_SANITIZE bool read(word address, word& into) const noexcept {
    if (!holds(address)) return false;
    into = *reinterpret_cast<const volatile word*>(address);
    return true;
  }

 private:
  stack_range within_;
};

/// A stack machine for the few places where a rule is an expression: a procedure linkage table, a realigned stack.
class expression {
 public:
  expression(const frame_registers& registers, const walked_stack& stack) noexcept : registers_(registers), stack_(stack) {}
  /// False: it asks for something that is not known here.
  bool run(const std::byte* sized, word& result) noexcept {
    table_reader in(sized);
    const word length = in.unsigned_number();
    const std::byte* const end = in.at() + length;
    while (in.at() < end) {
      if (!step(in)) return false;
    }
    if (depth_ == 0) return false;
    result = values_[depth_ - 1];
    return true;
  }
  void push(word value) noexcept {
    if (depth_ < values_.size()) values_[depth_++] = value;
  }

 private:
  word pop() noexcept { return depth_ != 0 ? values_[--depth_] : 0; }
  bool step(table_reader& in) noexcept {
    const auto code = in.get<std::uint8_t>();
    if (code >= 0x30 && code <= 0x4f) return push(code - 0x30u), true;  // lit0 ...
    if (code >= 0x70 && code <= 0x8f) return push_register(code - 0x70u, in.signed_number());  // breg0 ...
    switch (code) {
      case 0x06: return push_memory();
      case 0x08: return push(in.get<std::uint8_t>()), true;
      case 0x09: return push(static_cast<word>(in.get<std::int8_t>())), true;
      case 0x0a: return push(in.get<std::uint16_t>()), true;
      case 0x0b: return push(static_cast<word>(in.get<std::int16_t>())), true;
      case 0x0c: return push(in.get<std::uint32_t>()), true;
      case 0x0d: return push(static_cast<word>(in.get<std::int32_t>())), true;
      case 0x10: return push(in.unsigned_number()), true;
      case 0x11: return push(static_cast<word>(in.signed_number())), true;
      case 0x23: return push(pop() + in.unsigned_number()), true;  // plus_uconst
      default: return join(code, pop(), pop());
    }
  }
  bool join(std::uint8_t code, word upper, word lower) noexcept {
    switch (code) {
      case 0x1a: return push(lower & upper), true;
      case 0x1c: return push(lower - upper), true;
      case 0x22: return push(lower + upper), true;
      case 0x24: return push(upper < 64 ? lower << upper : 0), true;
      case 0x2a: return push(static_cast<std::int64_t>(lower) >= static_cast<std::int64_t>(upper)), true;
      default: return false;
    }
  }
  bool push_register(unsigned number, std::int64_t offset) noexcept {
    if (number >= frame_registers::count) return false;
    push(registers_.value[number] + static_cast<word>(offset));
    return true;
  }
  bool push_memory() noexcept {
    word value = 0;
    if (!stack_.read(pop(), value)) return false;
    push(value);
    return true;
  }

  const frame_registers& registers_;
  const walked_stack& stack_;
  std::array<word, 16> values_{};
  std::size_t depth_ = 0;
};

/// One step up. False: the bottom, or nothing is known.
class frame_walk {
 public:
  frame_walk(const frame_registers& from, stack_range within) noexcept
      : now_(from), stack_(within), knows_frame_(from.value[frame_registers::frame] != 0) {}

  word code() const noexcept { return now_.value[frame_registers::code]; }
  bool go_up() noexcept {
    frame_description here;
    if (!describe_frame(inside(), here)) return false;
    interrupted_ = here.of_signal;
    const frame_rules& rules = here.rules;
    word base = 0;
    if (!knows_frame_ && rules.base_register == frame_registers::frame) guess_frame();
    if (!frame_base(rules, base)) return false;
    const word before = now_.value[frame_registers::stack];
    frame_registers next = now_;
    for (unsigned number = 0; number < frame_registers::count; ++number) {
      if (!recover(rules.of[number], number, base, next.value[number])) return false;
    }
    if (rules.of[frame_registers::stack].how == register_rule::same) next.value[frame_registers::stack] = base;
    if (here.return_register != frame_registers::code || rules.of[frame_registers::code].how == register_rule::same) return false;
    if (rules.of[frame_registers::frame].how == register_rule::at_offset) knows_frame_ = true;
    now_ = next;
    return code() != 0 && (base > before || interrupted_);
  }

 private:
  // The address of a call's return may lie behind its function's end: a byte earlier is inside of the call.
  word inside() const noexcept { return interrupted_ ? code() : code() - 1; }

  // The lowest place whose two words look like those that every frame with a pointer begins with: the caller's pointer, further up
  // this stack, and where the caller goes on. Remains of earlier calls look like that, too: one a little further up is taken
  // instead, if it lies behind a call that names the function that is walked.
  void guess_frame() noexcept {
    constexpr word a_little = 4096;
    word callers = 0, back = 0, found = 0;
    for (word at = now_.value[frame_registers::stack]; stack_.read(at, callers) && stack_.read(at + 8, back); at += 8) {
      if (found != 0 && at - found > a_little) break;
      if (callers <= at || !stack_.holds(callers)) continue;
      const origin from = origin_of(back);
      if (from == origin::no_call || (from == origin::some_call && found != 0)) continue;
      found = at;
      if (from == origin::this_call) break;
    }
    if (found == 0) return;
    now_.value[frame_registers::frame] = found;
    knows_frame_ = true;
  }
  enum class origin { no_call, some_call, this_call };
  // Whether code that is returned to there may have called the function that is walked, or names it.
  origin origin_of(word back) const noexcept {
    constexpr word call_bytes = 5;
    const word caller = function_of(back - 1);
    if (caller == 0) return origin::no_call;
    if (back - caller < call_bytes) return origin::some_call;
    const auto* const call = reinterpret_cast<const std::byte*>(back - call_bytes);
    if (*call != std::byte{0xe8}) return origin::some_call;
    const word called = back + static_cast<word>(std::int64_t{table_reader(call + 1).get<std::int32_t>()});
    if (called == function_of(inside())) return origin::this_call;
    return function_of(called) != called ? origin::some_call : origin::no_call;
  }
  bool frame_base(const frame_rules& rules, word& base) const noexcept {
    if (rules.base_expression != nullptr) return expression(now_, stack_).run(rules.base_expression, base);
    if (rules.base_register >= frame_registers::count) return false;
    base = now_.value[rules.base_register] + static_cast<word>(rules.base_offset);
    return true;
  }
  bool recover(const register_rule& rule, unsigned number, word base, word& value) const noexcept {
    switch (rule.how) {
      case register_rule::same: return true;
      case register_rule::undefined: return value = 0, number != frame_registers::code;
      case register_rule::at_offset: return stack_.read(base + static_cast<word>(rule.offset), value);
      case register_rule::is_offset: return value = base + static_cast<word>(rule.offset), true;
      case register_rule::in_register:
        if (static_cast<word>(rule.offset) >= frame_registers::count) return false;
        return value = now_.value[static_cast<std::size_t>(rule.offset)], true;
      case register_rule::at_expression:
      case register_rule::is_expression: {
        expression told(now_, stack_);
        told.push(base);
        word result = 0;
        if (!told.run(rule.expression, result)) return false;
        if (rule.how == register_rule::is_expression) return value = result, true;
        return stack_.read(result, value);
      }
    }
    return false;
  }

  frame_registers now_;
  walked_stack stack_;
  bool knows_frame_;         // the frame pointer: who waits in a system call tells none
  bool interrupted_ = true;  // the address is of the next instruction, not of a call's return
};

}  // namespace

std::size_t backtrace_of(frame_registers from, stack_range within, const void** into, std::size_t most) noexcept {
  if (most == 0 || from.value[frame_registers::code] == 0) return 0;
  frame_walk walk(from, within);
  std::size_t found = 0;
  do {
    into[found++] = reinterpret_cast<const void*>(walk.code());
  } while (found < most && walk.go_up());
  return found;
}

#if defined(__x86_64__)
frame_registers registers_of(const void* machine_state) noexcept {
  const greg_t* const from = static_cast<const ucontext_t*>(machine_state)->uc_mcontext.gregs;
  frame_registers now;
  const auto take = [&](unsigned number, int place) { now.value[number] = static_cast<std::uint64_t>(from[place]); };
  take(3, REG_RBX);
  take(frame_registers::frame, REG_RBP);
  take(frame_registers::stack, REG_RSP);
  take(12, REG_R12);
  take(13, REG_R13);
  take(14, REG_R14);
  take(15, REG_R15);
  take(frame_registers::code, REG_RIP);
  // What a call need not keep may hold the base of a frame that is being built.
  take(0, REG_RAX);
  take(1, REG_RDX);
  take(2, REG_RCX);
  take(4, REG_RSI);
  take(5, REG_RDI);
  take(8, REG_R8);
  take(9, REG_R9);
  take(10, REG_R10);
  take(11, REG_R11);
  return now;
}
#else
frame_registers registers_of(const void*) noexcept { return {}; }
#endif

}  // namespace mote::detail
