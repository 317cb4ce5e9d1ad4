// What one scheduler has counted.
#pragma once

#include "scheduler/scheduler.hpp"
#include "scheduler/station.hpp"

#include <mote/observe.hpp>

namespace mote::detail {

/// place: its station. Any thread; async-signal-safe.
scheduler_statistics statistics_of(const scheduler& one, const station& place) noexcept;

}  // namespace mote::detail
