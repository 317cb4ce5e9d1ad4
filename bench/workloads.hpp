// All workloads, in the order of the table.
#pragma once

#include "bench/harness.hpp"

#include <span>
#include <string_view>

namespace bench {

std::span<const workload* const> workloads();
/// nullptr when none has this name.
const workload* find_workload(std::string_view name);

/// Runs one here and now: in a runtime of its own with this many schedulers (0: one a core), or on this thread.
/// count    0: as many as a full or a quick run asks for.
/// Returns  an exit code.
int run_here(const workload& chosen, unsigned schedulers, std::uint64_t count, bool quick,
             const std::function<void(const figure&)>& sink, const peer_system& peer = {});

}  // namespace bench
