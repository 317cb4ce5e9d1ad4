// Records as text for a person.
#pragma once

#include "runtime/observe/snapshot.hpp"

#include <functional>
#include <span>
#include <string>

namespace mote::detail {

/// What names the function at an address.
using frame_namer = std::function<std::string(std::uint64_t address)>;

/// Each ends with a new line. Throw std::bad_alloc.
std::string as_text(const runtime_record& one);
std::string as_text(const scheduler_record& one);
std::string as_text(const process_record& one, const frame_namer& name_of);
/// For whom or what it waits, in a line's part: "the answer of <1.2.1>".
std::string wait_as_text(const process_record& one);
/// The supervisors among these, each with its children under it; empty: there are none.
std::string supervision_tree(std::span<const process_record> all);

}  // namespace mote::detail
