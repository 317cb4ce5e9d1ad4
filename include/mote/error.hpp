// What mote throws. The world said no: system_limit and no_reply, both std::system_error. The caller was wrong: usage_error.
#pragma once

#include <mote/reason.hpp>

#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace mote {

/// The caller was wrong: a call from a plain thread, an impossible option, a name nobody has. The text names the thing.
class usage_error : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// A limit was reached: no process slot, no stack, no memory. The text names the thing and the limit; nothing was lost.
class system_limit : public std::system_error {
 public:
  system_limit(std::errc code, const std::string& what) : std::system_error(std::make_error_code(code), what) {}
};

/// A request was not answered because the process asked had ended, or ended before it replied. Left alone, it becomes the
/// caller's exit reason.
class no_reply : public std::system_error {
 public:
  explicit no_reply(reason why);
  /// Why the process asked ended; noproc when it had ended before the request came.
  const reason& why() const noexcept { return why_; }

 protected:
  no_reply(const std::string& what, reason why);

 private:
  reason why_;
};

}  // namespace mote
