// The part of Redis's protocol (RESP2) that a server needs: commands come in, as arrays of bulk strings or, typed by hand, as
// lines of words; answers go out.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace resp {

/// What a client may send: more is a protocol error, so that nobody can fill the memory.
struct limits {
  std::size_t words = 1024;          ///< of a command
  std::size_t word_bytes = 1 << 20;  ///< of one of them
  std::size_t command_bytes = 4 << 20;
  std::size_t line_bytes = 64 << 10;  ///< of a command in a line
};

/// Takes commands out of a stream of bytes that comes in portions of any size. Holds one command at most, and what has come
/// behind it: limits::command_bytes and one portion. The work is in proportion to the bytes.
class parser {
 public:
  enum class outcome { command, need_more, broken };

  explicit parser(limits most = {}) noexcept : most_(most) {}

  /// Room for a portion; commit says how much of it was filled. Words given out before are gone.
  std::span<char> room(std::size_t bytes) {
    text_.erase(0, begin_);
    at_ -= begin_;
    begin_ = 0;
    filled_ = text_.size();
    text_.resize(filled_ + bytes);
    return {text_.data() + filled_, bytes};
  }
  void commit(std::size_t bytes) { text_.resize(filled_ + bytes); }
  void feed(std::string_view portion) {
    const std::span<char> into = room(portion.size());
    portion.copy(into.data(), portion.size());
    commit(portion.size());
  }

  /// The next command's words, which are never none; they live until the next call of room or feed. broken: the stream makes
  /// no sense any more, and error() says why.
  outcome next(std::vector<std::string_view>& words) {
    outcome found = outcome::need_more;
    do found = step();
    while (found == outcome::command && places_.empty());  // an empty line, or an array of nothing
    words.clear();
    if (found == outcome::command) {
      for (const place& one : places_) words.emplace_back(text_.data() + begin_of_last_ + one.offset, one.size);
    }
    return found;
  }
  std::string_view error() const noexcept { return error_; }

 private:
  struct place {
    std::size_t offset, size;  // from the command's beginning
  };
  enum class state { start, header, body, broken };
  static constexpr std::size_t none = std::string_view::npos;

  outcome fail(std::string why) {
    error_ = std::move(why);
    now_ = state::broken;
    return outcome::broken;
  }

  outcome finish() noexcept {
    begin_of_last_ = begin_;
    begin_ = at_;
    now_ = state::start;
    return outcome::command;
  }

  // One command, or as much of it as has come.
  outcome step() {
    if (now_ == state::broken) return outcome::broken;
    if (now_ == state::start) {
      if (begin_ == text_.size()) return outcome::need_more;
      places_.clear();
      if (text_[begin_] != '*') return read_line_of_words();
      std::int64_t count = 0;
      const outcome got = read_number('*', most_.words, count);
      if (got != outcome::command) return got;
      expected_ = count < 0 ? 0 : static_cast<std::size_t>(count);
      now_ = state::header;
    }
    while (places_.size() < expected_) {
      const outcome got = read_word();
      if (got != outcome::command) return got;
    }
    return finish();
  }

  outcome read_word() {
    if (now_ == state::header) {
      std::int64_t size = 0;
      const outcome got = read_number('$', most_.word_bytes, size);
      if (got != outcome::command) return got;
      if (size < 0) return fail("invalid bulk length");
      word_size_ = static_cast<std::size_t>(size);
      if (at_ - begin_ + word_size_ > most_.command_bytes)
        return fail("too big a command: at most " + std::to_string(most_.command_bytes) + " bytes");
      now_ = state::body;
    }
    if (text_.size() - at_ < word_size_ + 2) return outcome::need_more;
    if (text_[at_ + word_size_] != '\r' || text_[at_ + word_size_ + 1] != '\n') return fail("expected CRLF");
    places_.push_back({at_ - begin_, word_size_});
    at_ += word_size_ + 2;
    now_ = state::header;
    return outcome::command;
  }

  // "*3\r\n"
  outcome read_number(char mark, std::size_t most, std::int64_t& into) {
    constexpr std::size_t longest = 24;
    const std::string_view rest = std::string_view(text_).substr(at_);
    if (rest.empty()) return outcome::need_more;
    if (rest.front() != mark) return fail(mark == '$' ? "expected '$'" : "expected '*'");
    const std::size_t end = rest.substr(0, longest).find("\r\n");
    if (end == none) return rest.size() < longest ? outcome::need_more : fail("invalid length");
    const char* const last = rest.data() + end;
    const auto [stop, error] = std::from_chars(rest.data() + 1, last, into);
    if (error != std::errc() || stop != last || into < -1 || (into > 0 && static_cast<std::size_t>(into) > most)) {
      return fail((mark == '$' ? "invalid bulk length: at most " : "invalid multibulk length: at most ") +
                  std::to_string(most));
    }
    at_ += end + 2;
    return outcome::command;
  }

  outcome read_line_of_words() {
    const std::size_t end = text_.find('\n', at_);
    if ((end == none ? text_.size() : end) - begin_ > most_.line_bytes) {
      return fail("too big inline request: at most " + std::to_string(most_.line_bytes) + " bytes");
    }
    if (end == none) {
      at_ = text_.size();  // searched so far
      return outcome::need_more;
    }
    std::string_view line(text_.data() + begin_, end - begin_);
    for (std::size_t at = 0; at < line.size();) {
      at = line.find_first_not_of(" \t\r", at);
      if (at == none) break;
      const std::size_t stop = std::min(line.find_first_of(" \t\r", at), line.size());
      if (places_.size() == most_.words) return fail("too many words: at most " + std::to_string(most_.words));
      places_.push_back({at, stop - at});
      at = stop;
    }
    at_ = end + 1;
    return finish();
  }

  limits most_;
  std::string text_;
  std::size_t begin_ = 0;          // of the command that is being read
  std::size_t at_ = 0;             // read so far
  std::size_t begin_of_last_ = 0;  // of the one given out
  std::size_t filled_ = 0;
  std::size_t expected_ = 0;
  std::size_t word_size_ = 0;
  std::vector<place> places_;
  state now_ = state::start;
  std::string error_;
};

// ---- answers, appended to `out` ----

inline void simple(std::string& out, std::string_view text) { out.append("+").append(text).append("\r\n"); }
inline void error(std::string& out, std::string_view text) { out.append("-").append(text).append("\r\n"); }
inline void number(std::string& out, std::int64_t value) {
  out.append(":").append(std::to_string(value)).append("\r\n");
}
inline void array(std::string& out, std::size_t size) { out.append("*").append(std::to_string(size)).append("\r\n"); }
inline void nothing(std::string& out) { out.append("$-1\r\n"); }
inline void bulk(std::string& out, std::string_view text) {
  out.append("$").append(std::to_string(text.size())).append("\r\n").append(text).append("\r\n");
}

}  // namespace resp
