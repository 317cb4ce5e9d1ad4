// What a thread of the runtime asks of the kernel about itself: its name, and the processor it runs on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mote::detail {

/// What was asked for and why the kernel said no, as in "binding a thread to processor 7: Invalid argument".
struct refusal {
  int error;  // an errno
  std::string text;
};

/// The kernel's number of the calling thread. Async-signal-safe.
int this_thread_number() noexcept;

/// The calling thread's name in ps, top and debuggers; cut to the 15 bytes that Linux keeps.
/// Returns nothing when done.
std::optional<refusal> name_this_thread(std::string_view name);

/// From now on the calling thread runs on that processor only. Returns nothing when done.
std::optional<refusal> bind_to_cpu(int cpu);
/// The same for another thread of this OS process, and several processors.
std::optional<refusal> bind_thread(int thread, const std::vector<int>& cpus);

}  // namespace mote::detail
