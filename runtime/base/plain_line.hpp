// A line of text for where nothing may be allocated and the C library's buffers may be locked: handlers of faults and crashes.
#pragma once

#include <mote/pid.hpp>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mote::detail {

/// What an errno value means. Async-signal-safe.
inline std::string_view words_for(int error) noexcept {
  const char* const words = ::strerrordesc_np(error);
  return words != nullptr ? words : "an unknown error";
}

/// What does not fit is left out. Async-signal-safe.
class plain_line {
 public:
  static constexpr std::size_t most = 1400;  ///< bytes

  plain_line& operator<<(std::string_view text) noexcept {
    const std::size_t fits = std::min(text.size(), most - length_);
    std::memcpy(bytes_.data() + length_, text.data(), fits);
    length_ += fits;
    return *this;
  }
  plain_line& operator<<(std::uint64_t number) noexcept { return digits(number, 10); }
  plain_line& hex(std::uint64_t number) noexcept { return (*this << "0x").digits(number, 16); }
  plain_line& operator<<(pid one) noexcept {
    return *this << "<" << one.place() << "." << std::uint64_t{one.index()} << "." << std::uint64_t{one.generation()} << ">";
  }

  std::string_view view() const noexcept { return {bytes_.data(), length_}; }
  const char* c_str() const noexcept { return bytes_.data(); }
  bool is_full() const noexcept { return length_ == most; }
  /// To stderr.
  void print() const noexcept { [[maybe_unused]] const auto written = ::write(STDERR_FILENO, bytes_.data(), length_); }

 private:
  plain_line& digits(std::uint64_t number, int base) noexcept {
    std::array<char, 20> text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), number, base).ptr;
    return *this << std::string_view(text.data(), static_cast<std::size_t>(end - text.data()));
  }
  std::array<char, most + 1> bytes_{};  // the last is always nought
  std::size_t length_ = 0;
};

}  // namespace mote::detail
