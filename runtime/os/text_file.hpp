// The small text files of /proc and /sys.
#pragma once

#include <string>

namespace mote::detail {

/// What the file holds; empty when it cannot be read, as in many containers. Any thread; blocks as reading a file does.
std::string read_text(const std::string& path);

}  // namespace mote::detail
