// This program again, in an OS process of its own: what one workload leaves behind in memory must not help or hinder
// the next.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Runs this program with these arguments and hands on each line that it prints, as it comes; what it says on stderr
/// goes straight to ours. Returns  its exit code, or 128 and the number of the signal that ended it. Blocks   until it
/// has ended.
int rerun(const std::vector<std::string>& arguments, const std::function<void(std::string_view line)>& on_line);

}  // namespace bench
