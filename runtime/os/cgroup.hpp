// The cgroups that this OS process is in, as the kernel describes them: /proc/self/cgroup names its group in each hierarchy,
// /proc/self/mountinfo where the hierarchies are mounted and from which group on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mote::detail {

enum class cgroup_version : std::uint8_t { one, two };

struct cgroup_folder {
  cgroup_version version;
  std::string path;
};

/// The folders of its own group and of all groups above that can be seen, in each hierarchy that has this controller ("cpu",
/// "memory", "pids"): a limit of any of them is one for it.
/// root: where /proc and the mounts are looked for.
std::vector<cgroup_folder> own_cgroups(const std::string& root, std::string_view controller);

}  // namespace mote::detail
