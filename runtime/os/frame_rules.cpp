// A reader of call frame information: finds the entry of an address, and runs its little program up to that address.
#include "runtime/os/frame_rules.hpp"

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

}  // namespace

bool describe_frame(word code, frame_description& into) noexcept {
  dwarf_eh_bases bases{};
  const auto* const entry = static_cast<const std::byte*>(_Unwind_Find_FDE(reinterpret_cast<void*>(code), &bases));
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
  into.return_register = common.return_register;
  into.of_signal = common.of_signal;
  rule_program program(common, into.rules);
  if (!program.run(common.program, common.program_end, 0, 0)) return false;
  program.remember_initial();
  return program.run(in.at(), end, reinterpret_cast<word>(bases.function), code);
}

word function_of(word code) noexcept {
  dwarf_eh_bases bases{};
  const void* const entry = _Unwind_Find_FDE(reinterpret_cast<void*>(code), &bases);
  return entry != nullptr ? reinterpret_cast<word>(bases.function) : 0;
}

}  // namespace mote::detail
