// Reads the affinity mask and the cgroup tree. The tree is found as the kernel describes it: /proc/self/cgroup names
// this program's group in each hierarchy, /proc/self/mountinfo where the hierarchies are mounted and from which group
// on.
#include "runtime/os/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <sstream>
#include <string_view>

#include "runtime/os/text_file.hpp"

namespace mote::detail {
namespace {

enum class cgroup_version { one, two };

struct cgroup_mount {
  cgroup_version version;
  std::string group;   // what of the hierarchy the mount shows: its root, in a container often a group further down
  std::string folder;  // where
};

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool has_item(std::string_view comma_separated, std::string_view wanted) {
  std::istringstream items{std::string(comma_separated)};
  for (std::string item; std::getline(items, item, ',');) {
    if (item == wanted) return true;
  }
  return false;
}

// mountinfo writes blanks and backslashes as a backslash and three octal digits.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto is_octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(i + 1) && is_octal(i + 2) && is_octal(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// ID PARENT DEVICE GROUP FOLDER OPTIONS [FIELDS...] - TYPE SOURCE OPTIONS; nothing for what is no cgroup mount of ours.
std::optional<cgroup_mount> parse_mount(const std::string& line) {
  std::istringstream fields(line);
  std::string skipped, group, folder, type, options;
  if (!(fields >> skipped >> skipped >> skipped >> group >> folder)) return std::nullopt;
  while (fields >> skipped && skipped != "-") continue;
  if (!(fields >> type >> skipped >> options)) return std::nullopt;
  if (type == "cgroup2") return cgroup_mount{cgroup_version::two, unescaped(group), unescaped(folder)};
  if (type != "cgroup" || !has_item(options, "cpu")) return std::nullopt;
  return cgroup_mount{cgroup_version::one, unescaped(group), unescaped(folder)};
}

// This program's group in the hierarchy of that version which controls processors. Lines are ID:CONTROLLERS:GROUP.
std::optional<std::string> own_group(const std::string& cgroup_file, cgroup_version version) {
  std::istringstream lines(cgroup_file);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const bool ours = version == cgroup_version::two ? line.starts_with("0::") : has_item(controllers, "cpu");
    if (ours) return line.substr(second + 1);
  }
  return std::nullopt;
}

// The group's path below the mount's folder, "" or "/a/b". A group outside of what the mount shows is taken for its
// top.
std::string below_mount(const std::string& group, const cgroup_mount& mount) {
  const std::string top = mount.group == "/" ? "" : mount.group;
  const bool inside = group.starts_with(top) && (group.size() == top.size() || group[top.size()] == '/');
  std::string rest = inside ? group.substr(top.size()) : "";
  if ((rest + '/').find("/../") != std::string::npos) rest.clear();
  while (rest.ends_with('/')) rest.pop_back();
  return rest;
}

std::optional<unsigned> rounded_up(std::optional<std::int64_t> quota_us, std::optional<std::int64_t> period_us) {
  if (!quota_us || !period_us || *quota_us <= 0 || *period_us <= 0) return std::nullopt;
  const std::int64_t cores = *quota_us / *period_us + (*quota_us % *period_us != 0);
  return static_cast<unsigned>(std::min<std::int64_t>(cores, std::numeric_limits<int>::max()));
}

std::optional<unsigned> quota_of(const std::string& folder, cgroup_version version) {
  std::string quota, period;
  if (version == cgroup_version::two) {
    std::istringstream(read_text(folder + "/cpu.max")) >> quota >> period;  // "max 100000" or "150000 100000"
  } else {
    std::istringstream(read_text(folder + "/cpu.cfs_quota_us")) >> quota;  // -1: none
    std::istringstream(read_text(folder + "/cpu.cfs_period_us")) >> period;
  }
  return rounded_up(parse_number(quota), parse_number(period));
}

void keep_smaller(std::optional<unsigned>& least, std::optional<unsigned> other) {
  if (other && (!least || *other < *least)) least = other;
}

std::optional<unsigned> least_quota(const std::string& top, std::string below, cgroup_version version) {
  std::optional<unsigned> least = quota_of(top, version);
  for (; !below.empty(); below.resize(below.rfind('/'))) keep_smaller(least, quota_of(top + below, version));
  return least;
}

}  // namespace

std::vector<int> usable_cpu_ids() {
  std::vector<int> ids;
  for (int most = 1024; most <= 1 << 20; most *= 2) {  // the kernel says EINVAL to a mask that is too small for it
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(CPU_ALLOC(most), [](cpu_set_t* set) { CPU_FREE(set); });
    const std::size_t bytes = CPU_ALLOC_SIZE(most);
    if (mask == nullptr || sched_getaffinity(0, bytes, mask.get()) != 0) continue;
    for (int cpu = 0; cpu < most; ++cpu) {
      if (CPU_ISSET_S(static_cast<unsigned>(cpu), bytes, mask.get())) ids.push_back(cpu);
    }
    break;
  }
  if (ids.empty()) ids.push_back(0);
  return ids;
}

std::optional<unsigned> quota_cores(const std::string& root) {
  const std::string groups = read_text(root + "/proc/self/cgroup");
  std::istringstream mounts(read_text(root + "/proc/self/mountinfo"));
  std::optional<unsigned> least;
  for (std::string line; std::getline(mounts, line);) {
    const std::optional<cgroup_mount> mount = parse_mount(line);
    if (!mount) continue;
    const std::optional<std::string> group = own_group(groups, mount->version);
    if (group) keep_smaller(least, least_quota(root + mount->folder, below_mount(*group, *mount), mount->version));
  }
  return least;
}

unsigned usable_cores(const std::string& root) {
  const auto cores = static_cast<unsigned>(usable_cpu_ids().size());
  return std::min(cores, quota_cores(root).value_or(cores));
}

}  // namespace mote::detail
