// Which types of the program's can cross to another OS process, and the names they have on the way.
#pragma once

#include <mote/detail/message_type.hpp>

#include <cstdint>
#include <string>

namespace mote::detail {

/// The same in every OS process of this program.
std::uint64_t crossing_name(const message_type& type) noexcept;
/// The type of that name that the program sends or receives anywhere; nullptr when there is none, or several. Any thread.
const message_type* type_of_name(std::uint64_t name);
/// Empty when it can; else a sentence that names it.
std::string why_not_crossing(const message_type& type);

}  // namespace mote::detail
