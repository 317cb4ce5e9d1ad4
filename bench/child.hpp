// Another program, as a child of this one, spoken to through pipes.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Ended by force if it is still there when this goes.
class child {
 public:
  /// Its standard input is empty or, `fed`, a pipe from here; its standard output a pipe to here; what it says on stderr goes
  /// to ours. Throws std::system_error when it cannot be started.
  child(const std::vector<std::string>& argv, bool fed);
  ~child();
  child(const child&) = delete;
  child& operator=(const child&) = delete;

  /// All of it goes in; false: the child reads no more.
  bool feed(const void* from, std::size_t size) noexcept;
  void end_feed() noexcept;
  /// Blocks until there is a line; false: no more.
  bool read_line(std::string& into);
  /// Waits for its end. Returns its exit code, or 128 and the number of the signal that ended it.
  int wait();
  /// Ends it by force.
  void kill() noexcept;

 private:
  pid_t process_ = -1;
  int in_ = -1, out_ = -1;
  std::string unread_;
};

}  // namespace bench
