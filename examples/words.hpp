// The words of one text: runs of ASCII letters, lower-cased, each with how often it stands there. The text comes in parts of
// any length, and must be UTF-8; since every byte of a non-ASCII character is 0x80 or more, none is taken for a letter.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct word_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view word) const noexcept { return std::hash<std::string_view>{}(word); }
};
using word_map = std::unordered_map<std::string, std::uint64_t, word_hash, std::equal_to<>>;

/// Whether bytes are UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
class utf8_check {
 public:
  bool between_characters() const noexcept { return missing_ == 0; }
  bool accepts(unsigned char byte) noexcept {
    if (missing_ == 0) return begins(byte);
    if (byte < lowest_ || byte > highest_) return false;
    return follow(missing_ - 1, 0x80, 0xBF);
  }

 private:
  bool begins(unsigned char byte) noexcept {
    if (byte < 0x80) return true;
    if (byte < 0xC2 || byte > 0xF4) return false;
    if (byte < 0xE0) return follow(1, 0x80, 0xBF);
    if (byte < 0xF0) return follow(2, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF);
    return follow(3, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF);
  }
  bool follow(int missing, unsigned char lowest, unsigned char highest) noexcept {
    missing_ = missing;
    lowest_ = lowest;
    highest_ = highest;
    return true;
  }

  int missing_ = 0;
  unsigned char lowest_ = 0, highest_ = 0;
};

inline constexpr std::array<char, 256> lower_case = [] {
  std::array<char, 256> letters{};
  for (unsigned char c = 'a'; c <= 'z'; ++c) letters[c] = letters[c - 'a' + 'A'] = static_cast<char>(c);
  return letters;
}();

class word_counter {
 public:
  /// The next part of the text; false when it cannot be UTF-8.
  bool feed(std::string_view text) {
    for (const char one : text) {
      const auto byte = static_cast<unsigned char>(one);
      if ((byte >= 0x80 || !utf8_.between_characters()) && !utf8_.accepts(byte)) return false;
      if (lower_case[byte] != 0) {
        word_.push_back(lower_case[byte]);
      } else {
        end_word();
      }
    }
    return true;
  }
  /// The text is over; false when it ended inside a character.
  bool finish() {
    end_word();
    return utf8_.between_characters();
  }
  word_map take() noexcept { return std::move(times_); }

 private:
  void end_word() {
    if (word_.empty()) return;
    if (const auto known = times_.find(std::string_view(word_)); known != times_.end()) {
      ++known->second;
    } else {
      times_.emplace(word_, 1);
    }
    word_.clear();
  }

  word_map times_;
  std::string word_;
  utf8_check utf8_;
};
