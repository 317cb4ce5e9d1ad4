// Who goes on, where several could: the ways in which a simulated run is led. docs/design/simulation.md.
#pragma once

#include "runtime/base/seam.hpp"

#include <mote/sim.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

namespace mote::detail {

class chooser {
 public:
  chooser() = default;
  chooser(const chooser&) = delete;
  chooser& operator=(const chooser&) = delete;
  virtual ~chooser() = default;

  /// Which of these goes on; by their names, as seam::next.
  virtual std::uint32_t next(std::span<const std::uint64_t> names) = 0;
  /// Reductions of a turn.
  virtual std::int32_t slice(std::int32_t usual) = 0;
  /// The one of that name wants others to go on.
  virtual void gave_way(std::uint64_t) {}
  /// All choices, of a chooser that goes by a list.
  virtual std::vector<std::uint32_t> choices() const { return {}; }
};

/// random: outlives it.
std::unique_ptr<chooser> make_chooser(const sim::strategy& how, split_mix& random, const std::vector<std::uint32_t>& choices);

/// The list of choices after this one, depth first; empty: that was the last. From a run that this list led.
struct next_schedule {
  static std::vector<std::uint32_t> after(const std::vector<std::uint32_t>& choices);
};

}  // namespace mote::detail
