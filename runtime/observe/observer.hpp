// What looks at a runtime from the outside while it runs, as far as options say so: halting for backtraces, the dump on SIGQUIT,
// the dump of a crash.
#pragma once

#include "runtime/os/halt.hpp"
#include "runtime/process/core.hpp"

namespace mote::detail {

/// One for each runtime that is to be seen. Made before its threads start and before handlers of faults that are to have them
/// first, destroyed after its threads have ended.
class observer {
 public:
  /// Throws std::system_error, when a thread is refused.
  explicit observer(runtime& home);
  observer(const observer&) = delete;
  observer& operator=(const observer&) = delete;
  ~observer();

 private:
  runtime& home_;
  const halt_signal halting_;
};

}  // namespace mote::detail
