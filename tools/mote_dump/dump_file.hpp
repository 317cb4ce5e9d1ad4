// A dump that a program has written as JSON (docs/observing.md), as the records it was written from.
#pragma once

#include "runtime/observe/snapshot.hpp"

#include <istream>
#include <string>
#include <vector>

namespace mote::dump_tool {

struct dumped_runtime {
  detail::runtime_record whole;
  std::vector<detail::scheduler_record> schedulers;
  std::vector<detail::process_record> processes;
  std::vector<detail::module_record> modules;
};

/// Reads a whole dump. Throws std::runtime_error that says what is wrong with it.
std::vector<dumped_runtime> read_dump(std::istream& from);

}  // namespace mote::dump_tool
