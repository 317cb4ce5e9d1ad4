// All processes wait, and nothing is left that could wake one.
#pragma once

#include "runtime/process/core.hpp"

namespace mote::detail {

/// Called by a scheduler that has found that nothing in the runtime is ready and no timer is armed. Does what
/// options::deadlock says, unless somebody outside may yet wake a process. Whom that makes ready is in the caller's queue.
void stand_still(runtime& home) noexcept;

}  // namespace mote::detail
