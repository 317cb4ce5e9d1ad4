// How many processors this program may use: those of its affinity mask, limited by the processor time that its cgroup
// and every ancestor of it grant. A container with a quota of 1.5 processors on a machine of 64 gets 2 schedulers, not
// 64.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mote::detail {

/// The processors in the calling thread's affinity mask, ascending; never empty.
std::vector<int> usable_cpu_ids();

/// The smallest quota on the way from this program's cgroup up to the root (v2: cpu.max, v1: cpu.cfs_quota_us by
/// cpu.cfs_period_us), in processors, rounded up, at least 1. Nothing where there is no limit. What cannot be read, or
/// makes no sense, limits nothing.
/// root    put before each absolute path, so that a test may show a tree of its own; empty: the system's.
/// Blocks  as reading files in /proc and /sys does.
std::optional<unsigned> quota_cores(const std::string& root = {});

/// The size of usable_cpu_ids(), limited by quota_cores(root); at least 1.
unsigned usable_cores(const std::string& root = {});

}  // namespace mote::detail
