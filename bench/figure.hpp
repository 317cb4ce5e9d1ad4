// A figure as text and as JSON.
#pragma once

#include "bench/harness.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// `mote ring_503_s1 ns_per_hop 28.1 ns`, without an end of line.
std::string to_line(const figure& one);
/// nullopt for a line that is none.
std::optional<figure> from_line(std::string_view line);
/// An array of objects with the figure's fields.
std::string to_json(const std::vector<figure>& all);

}  // namespace bench
