#include "runtime/os/cgroup.hpp"

#include "runtime/os/text_file.hpp"

#include <cstddef>
#include <optional>
#include <sstream>

namespace mote::detail {

namespace {

struct cgroup_mount {
  cgroup_version version;
  std::string group;   // what of the hierarchy the mount shows: its root, in a container often a group further down
  std::string folder;  // where
};

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

// ID PARENT DEVICE GROUP FOLDER OPTIONS [FIELDS...] - TYPE SOURCE OPTIONS; nothing for what is no mount of a cgroup hierarchy
// that may have the controller.
std::optional<cgroup_mount> parse_mount(const std::string& line, std::string_view controller) {
  std::istringstream fields(line);
  std::string skipped, group, folder, type, options;
  if (!(fields >> skipped >> skipped >> skipped >> group >> folder)) return std::nullopt;
  while (fields >> skipped && skipped != "-") continue;
  if (!(fields >> type >> skipped >> options)) return std::nullopt;
  if (type == "cgroup2") return cgroup_mount{cgroup_version::two, unescaped(group), unescaped(folder)};
  if (type != "cgroup" || !has_item(options, controller)) return std::nullopt;
  return cgroup_mount{cgroup_version::one, unescaped(group), unescaped(folder)};
}

// This program's group in the hierarchy of that version which has the controller. Lines are ID:CONTROLLERS:GROUP.
std::optional<std::string> own_group(const std::string& cgroup_file, cgroup_version version, std::string_view controller) {
  std::istringstream lines(cgroup_file);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string_view controllers = std::string_view(line).substr(first + 1, second - first - 1);
    const bool ours = version == cgroup_version::two ? line.starts_with("0::") : has_item(controllers, controller);
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

}  // namespace

std::vector<cgroup_folder> own_cgroups(const std::string& root, std::string_view controller) {
  const std::string groups = read_text(root + "/proc/self/cgroup");
  std::istringstream mounts(read_text(root + "/proc/self/mountinfo"));
  std::vector<cgroup_folder> all;
  for (std::string line; std::getline(mounts, line);) {
    const std::optional<cgroup_mount> mount = parse_mount(line, controller);
    const auto group = mount ? own_group(groups, mount->version, controller) : std::nullopt;
    if (!group) continue;
    const std::string top = root + mount->folder;
    for (std::string below = below_mount(*group, *mount); !below.empty(); below.resize(below.rfind('/'))) {
      all.push_back({mount->version, top + below});
    }
    all.push_back({mount->version, top});
  }
  return all;
}

}  // namespace mote::detail
