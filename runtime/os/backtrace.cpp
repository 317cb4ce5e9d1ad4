// A reader of call frame information: finds the entry of an address, runs its little program up to that address, and so
// learns where the caller's registers are.
#include "runtime/os/backtrace.hpp"

#include "runtime/base/annotate.hpp"

#include <ucontext.h>

#include <cstring>

extern "C" {
struct dwarf_eh_bases {  // as libgcc's unwind-dw2-fde.h has it
  void* text;
  void* data;
  void* function;
};
const void* _Unwind_Find_FDE(void* code, dwarf_eh_bases* bases);
}

namespace mote::detail {

namespace {

using word = std::uint64_t;

/// Reads the tables, which the program's own linker wrote: they are taken to be well formed.
class table_reader {
 public:
  explicit table_reader(const std::byte* at) noexcept : at_(at) {}
  const std::byte* at() const noexcept { return at_; }
  void skip(std::size_t bytes) noexcept { at_ += bytes; }
  template <class T>
  T get() noexcept {
    T value;
    std::memcpy(&value, at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  word unsigned_number() noexcept {  // ULEB128
    word value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto one = get<std::uint8_t>();
      if (shift < 64) value |= word{one & 0x7fu} << shift;
      if ((one & 0x80) == 0) return value;
    }
  }
  std::int64_t signed_number() noexcept {  // SLEB128
    word value = 0;
    unsigned shift = 0;
    std::uint8_t one = 0;
    do {
      one = get<std::uint8_t>();
      if (shift < 64) value |= word{one & 0x7fu} << shift;
      shift += 7;
    } while ((one & 0x80) != 0);
    if ((one & 0x40) != 0 && shift < 64) value |= ~word{0} << shift;
    return static_cast<std::int64_t>(value);
  }
  /// Past an address in one of the encodings of exception tables.
  void skip_encoded(std::uint8_t encoding) noexcept {
    constexpr std::array<std::uint8_t, 16> bytes{8, 0, 2, 4, 8, 0, 0, 0, 8, 0, 2, 4, 8, 0, 0, 0};
    const std::uint8_t size = bytes[encoding & 0xf];
    if (size != 0) return skip(size);
    static_cast<void>(unsigned_number());
  }
  /// The length that begins an entry.
  word length() noexcept {
    const auto small = get<std::uint32_t>();
    return small == 0xffffffff ? get<word>() : small;
  }

 private:
  const std::byte* at_;
};

/// How a caller's register is found.
struct register_rule {
  enum kind : std::uint8_t { same, undefined, at_offset, is_offset, in_register, at_expression, is_expression };
  kind how = same;
  std::int64_t offset = 0;             // or the register's number
  const std::byte* expression = nullptr;  // its length, then its bytes
};

struct frame_rules {
  std::array<register_rule, frame_registers::count> of;
  unsigned base_register = frame_registers::stack;  // the frame's address: this register and the offset, or an expression
  std::int64_t base_offset = 0;
  const std::byte* base_expression = nullptr;
};

/// What all entries of one kind share.
struct common_entry {
  word code_unit = 1;
  std::int64_t data_unit = 1;
  std::uint8_t address_encoding = 0;
  bool augmented = false;
  bool of_signal = false;
  unsigned return_register = frame_registers::code;
  const std::byte* program = nullptr;
  const std::byte* program_end = nullptr;
};

common_entry read_common(const std::byte* entry) noexcept {
  common_entry found;
  table_reader in(entry);
  const word length = in.length();
  found.program_end = in.at() + length;
  in.skip(4);  // its mark: 0
  const auto version = in.get<std::uint8_t>();
  const char* augmentation = reinterpret_cast<const char*>(in.at());
  in.skip(std::strlen(augmentation) + 1);
  found.code_unit = in.unsigned_number();
  found.data_unit = in.signed_number();
  found.return_register = static_cast<unsigned>(version == 1 ? in.get<std::uint8_t>() : in.unsigned_number());
  found.program = in.at();
  if (*augmentation != 'z') return found;
  found.augmented = true;
  const word augmented = in.unsigned_number();
  found.program = in.at() + augmented;
  for (const char* letter = augmentation + 1; *letter != 0; ++letter) {
    switch (*letter) {
      case 'R':
        found.address_encoding = in.get<std::uint8_t>();
        break;
      case 'P':
        in.skip_encoded(in.get<std::uint8_t>());
        break;
      case 'L':
        in.skip(1);
        break;
      case 'S':
        found.of_signal = true;
        break;
      default:
        break;
    }
  }
  return found;
}

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

/// Runs the programs of one address: what holds for all of the kind, then what the function's own says up to the address.
class rule_program {
 public:
  rule_program(const common_entry& common, frame_rules& rules) noexcept : common_(common), rules_(rules) {}

  /// False: it says something that is not known here.
  bool run(const std::byte* begin, const std::byte* end, word from, word to) noexcept {
    table_reader in(begin);
    word location = from;
    while (in.at() < end && location <= to) {
      if (!step(in, location)) return false;
    }
    return true;
  }
  void remember_initial() noexcept { initial_ = rules_; }

 private:
  void set(word number, register_rule::kind how, std::int64_t offset = 0) noexcept {
    if (number < rules_.of.size()) rules_.of[number] = {how, offset, nullptr};
  }
  void set_expression(word number, register_rule::kind how, table_reader& in) noexcept {
    if (number < rules_.of.size()) rules_.of[number] = {how, 0, in.at()};
    skip_block(in);
  }
  void restore(word number) noexcept {
    if (number < rules_.of.size()) rules_.of[number] = initial_.of[number];
  }
  static void skip_block(table_reader& in) noexcept {
    const word length = in.unsigned_number();
    in.skip(length);
  }
  void set_base(word number, std::int64_t offset) noexcept {
    rules_.base_register = static_cast<unsigned>(number);
    rules_.base_offset = offset;
    rules_.base_expression = nullptr;
  }

  bool step(table_reader& in, word& location) noexcept {
    const auto code = in.get<std::uint8_t>();
    const unsigned low = code & 0x3f;
    switch (code >> 6) {
      case 1: return location += low * common_.code_unit, true;
      case 2: {
        const auto factored = static_cast<std::int64_t>(in.unsigned_number());
        return set(low, register_rule::at_offset, factored * common_.data_unit), true;
      }
      case 3: return restore(low), true;
      default: return step_extended(low, in, location);
    }
  }
  bool step_extended(unsigned code, table_reader& in, word& location) noexcept {
    switch (code) {
      case 0x00: return true;
      case 0x02: return location += in.get<std::uint8_t>() * common_.code_unit, true;
      case 0x03: return location += in.get<std::uint16_t>() * common_.code_unit, true;
      case 0x04: return location += in.get<std::uint32_t>() * common_.code_unit, true;
      case 0x0a: return remember();
      case 0x0b: return recall();
      case 0x0c: {
        const word number = in.unsigned_number();
        return set_base(number, static_cast<std::int64_t>(in.unsigned_number())), true;
      }
      case 0x0d: return set_base(in.unsigned_number(), rules_.base_offset), true;
      case 0x0e: return set_base(rules_.base_register, static_cast<std::int64_t>(in.unsigned_number())), true;
      case 0x0f: return rules_.base_expression = in.at(), skip_block(in), true;
      case 0x12: {
        const word number = in.unsigned_number();
        return set_base(number, in.signed_number() * common_.data_unit), true;
      }
      case 0x13: return set_base(rules_.base_register, in.signed_number() * common_.data_unit), true;
      case 0x2e: return static_cast<void>(in.unsigned_number()), true;  // the size of arguments
      default: return step_register(code, in.unsigned_number(), in);
    }
  }
  bool step_register(unsigned code, word number, table_reader& in) noexcept {
    switch (code) {
      case 0x05: return set(number, register_rule::at_offset, static_cast<std::int64_t>(in.unsigned_number()) * common_.data_unit), true;
      case 0x06: return restore(number), true;
      case 0x07: return set(number, register_rule::undefined), true;
      case 0x08: return set(number, register_rule::same), true;
      case 0x09: return set(number, register_rule::in_register, static_cast<std::int64_t>(in.unsigned_number())), true;
      case 0x10: return set_expression(number, register_rule::at_expression, in), true;
      case 0x11: return set(number, register_rule::at_offset, in.signed_number() * common_.data_unit), true;
      case 0x14: return set(number, register_rule::is_offset, static_cast<std::int64_t>(in.unsigned_number()) * common_.data_unit), true;
      case 0x15: return set(number, register_rule::is_offset, in.signed_number() * common_.data_unit), true;
      case 0x16: return set_expression(number, register_rule::is_expression, in), true;
      default: return false;
    }
  }
  bool remember() noexcept {
    if (kept_ == remembered_.size()) return false;
    remembered_[kept_++] = rules_;
    return true;
  }
  bool recall() noexcept {
    if (kept_ == 0) return false;
    rules_ = remembered_[--kept_];
    return true;
  }

  const common_entry& common_;
  frame_rules& rules_;
  frame_rules initial_;
  std::array<frame_rules, 2> remembered_;
  std::size_t kept_ = 0;
};

/// One step up. False: the bottom, or nothing is known.
class frame_walk {
 public:
  frame_walk(const frame_registers& from, stack_range within) noexcept
      : now_(from), stack_(within), knows_frame_(from.value[frame_registers::frame] != 0) {}

  word code() const noexcept { return now_.value[frame_registers::code]; }
  bool go_up() noexcept {
    frame_rules rules;
    unsigned return_register = frame_registers::code;
    if (!find_rules(rules, return_register)) return false;
    word base = 0;
    if (!knows_frame_ && rules.base_register == frame_registers::frame) guess_frame();
    if (!frame_base(rules, base)) return false;
    const word before = now_.value[frame_registers::stack];
    frame_registers next = now_;
    for (unsigned number = 0; number < frame_registers::count; ++number) {
      if (!recover(rules.of[number], number, base, next.value[number])) return false;
    }
    if (rules.of[frame_registers::stack].how == register_rule::same) next.value[frame_registers::stack] = base;
    if (return_register != frame_registers::code || rules.of[frame_registers::code].how == register_rule::same) return false;
    if (rules.of[frame_registers::frame].how == register_rule::at_offset) knows_frame_ = true;
    now_ = next;
    return code() != 0 && (base > before || interrupted_);
  }

 private:
  // The address of a call's return may lie behind its function's end: a byte earlier is inside of the call.
  word inside() const noexcept { return interrupted_ ? code() : code() - 1; }

  bool find_rules(frame_rules& rules, unsigned& return_register) noexcept {
    dwarf_eh_bases bases{};
    const word at = inside();
    const auto* const entry = static_cast<const std::byte*>(_Unwind_Find_FDE(reinterpret_cast<void*>(at), &bases));
    if (entry == nullptr) return false;
    table_reader in(entry);
    const word length = in.length();
    const std::byte* const end = in.at() + length;
    const std::byte* const mark = in.at();
    const auto back = in.get<std::int32_t>();
    const common_entry common = read_common(mark - back);
    in.skip_encoded(common.address_encoding);
    in.skip_encoded(common.address_encoding & 0x0f);
    if (common.augmented) in.skip(in.unsigned_number());
    return_register = common.return_register;
    rule_program program(common, rules);
    const auto begin = reinterpret_cast<word>(bases.function);
    if (!program.run(common.program, common.program_end, 0, 0)) return false;
    program.remember_initial();
    interrupted_ = common.of_signal;
    return program.run(in.at(), end, begin, at);
  }
  // The lowest place whose two words look like those that every frame with a pointer begins with: the caller's pointer, further up
  // this stack, and where the caller goes on.
  void guess_frame() noexcept {
    word callers = 0, back = 0;
    for (word at = now_.value[frame_registers::stack]; stack_.read(at, callers) && stack_.read(at + 8, back); at += 8) {
      if (callers <= at || !stack_.holds(callers) || !may_return_to(back)) continue;
      now_.value[frame_registers::frame] = at;
      knows_frame_ = true;
      return;
    }
  }
  // Whether it is code, and behind no call that names another function than the one that is walked.
  bool may_return_to(word back) const noexcept {
    constexpr word call_bytes = 5;
    const word caller = function_of(back - 1);
    if (caller == 0 || back - caller < call_bytes) return caller != 0;
    const auto* const call = reinterpret_cast<const std::byte*>(back - call_bytes);
    if (*call != std::byte{0xe8}) return true;
    const word called = back + static_cast<word>(std::int64_t{table_reader(call + 1).get<std::int32_t>()});
    return function_of(called) != called || called == function_of(inside());
  }
  // Where it begins; 0: none that is known.
  static word function_of(word code) noexcept {
    dwarf_eh_bases bases{};
    const void* const entry = _Unwind_Find_FDE(reinterpret_cast<void*>(code), &bases);
    return entry != nullptr ? reinterpret_cast<word>(bases.function) : 0;
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
