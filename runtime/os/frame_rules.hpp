// Call frame information: what the tables of a program say of where, at an address of its code, the caller's registers are.
// Any thread, also in a signal handler.
#pragma once

#include "runtime/os/backtrace.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mote::detail {

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
  std::uint64_t unsigned_number() noexcept {  // ULEB128
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto one = get<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{one & 0x7fu} << shift;
      if ((one & 0x80) == 0) return value;
    }
  }
  std::int64_t signed_number() noexcept {  // SLEB128
    std::uint64_t value = 0;
    unsigned shift = 0;
    std::uint8_t one = 0;
    do {
      one = get<std::uint8_t>();
      if (shift < 64) value |= std::uint64_t{one & 0x7fu} << shift;
      shift += 7;
    } while ((one & 0x80) != 0);
    if ((one & 0x40) != 0 && shift < 64) value |= ~std::uint64_t{0} << shift;
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
  std::uint64_t length() noexcept {
    const auto small = get<std::uint32_t>();
    return small == 0xffffffff ? get<std::uint64_t>() : small;
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

/// All that the tables say of one address.
struct frame_description {
  frame_rules rules;
  unsigned return_register = frame_registers::code;
  bool of_signal = false;  ///< the caller was interrupted there, and did not call
};

/// False: they say nothing of it, or something that is not known here.
bool describe_frame(std::uint64_t code, frame_description& into) noexcept;
/// Where the function begins that the address lies in; 0: none that is known.
std::uint64_t function_of(std::uint64_t code) noexcept;

}  // namespace mote::detail
