#include "runtime/os/system_refusal.hpp"

#include "runtime/os/cgroup.hpp"
#include "runtime/os/text_file.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <sstream>

namespace mote::detail {

namespace {

void add(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) text.append(text.empty() ? "" : ", ").append(name).append(" is ").append(value);
}

template <class Resource>
void add_limit(std::string& text, std::string_view name, Resource which, std::string_view unit) {
  rlimit limit{};
  if (getrlimit(which, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return;
  add(text, name, std::to_string(limit.rlim_cur).append(unit));
}

template <class Resource>
std::string value_of(Resource which) {
  rlimit limit{};
  static_cast<void>(getrlimit(which, &limit));
  return std::to_string(limit.rlim_cur);
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The lowest limit of the cgroup that this OS process is in and of those above it. Version 1 says "none" by a very high one.
std::string cgroup_limit(const std::string& root, const char* controller, const char* file, const char* file_of_version_one) {
  constexpr std::uint64_t none = std::uint64_t{1} << 62;
  std::uint64_t least = none;
  for (const cgroup_folder& each : own_cgroups(root, controller)) {
    const bool two = each.version == cgroup_version::two;
    std::uint64_t limit = none;
    std::istringstream(read_text(each.path + "/" + (two ? file : file_of_version_one))) >> limit;  // "max": makes it 0
    if (limit != 0) least = std::min(least, limit);
  }
  return least == none ? std::string() : std::to_string(least);
}

}  // namespace

std::string limits_on_memory(const std::string& root) {
  std::string text;
  add_limit(text, "RLIMIT_AS", RLIMIT_AS, " bytes");
  add_limit(text, "RLIMIT_DATA", RLIMIT_DATA, " bytes");
  add(text, "the cgroup's memory.max", cgroup_limit(root, "memory", "memory.max", "memory.limit_in_bytes"));
  add(text, "vm.overcommit_memory", first_line(read_text(root + "/proc/sys/vm/overcommit_memory")));
  add(text, "vm.max_map_count", first_line(read_text(root + "/proc/sys/vm/max_map_count")));
  return text;
}

std::string limits_on_threads(const std::string& root) {
  std::string text;
  add_limit(text, "RLIMIT_NPROC", RLIMIT_NPROC, " threads of this user");
  add(text, "the cgroup's pids.max", cgroup_limit(root, "pids", "pids.max", "pids.max"));
  add(text, "kernel.threads-max", first_line(read_text(root + "/proc/sys/kernel/threads-max")));
  return text;
}

std::string limit_behind(int error, asked_for what) {
  switch (error) {
    case EMFILE:
      return "the limit of open files of this OS process, " + value_of(RLIMIT_NOFILE) + " (RLIMIT_NOFILE)";
    case EFBIG:
      return "the limit of a file's bytes, " + value_of(RLIMIT_FSIZE) + " (RLIMIT_FSIZE)";
    case ENFILE:
      return "the system's limit of open files (fs.file-max)";
    case ENOMEM:
      if (what != asked_for::socket) return limits_on_memory();
      [[fallthrough]];
    case ENOBUFS:
      return "the system's memory for sockets";
    case ENOSPC:
      return what == asked_for::socket ? "the limit of watched descriptors (fs.epoll.max_user_watches)"
                                       : "the space of files in memory";
    case EAGAIN:
      return what == asked_for::thread ? limits_on_threads() : std::string();
    case EADDRNOTAVAIL:
      return "no such address here, or its ports are used up (net.ipv4.ip_local_port_range)";
    default:
      return {};
  }
}

std::system_error system_refusal(const std::error_code& error, std::string_view thing, asked_for what) {
  const bool from_system = error.category() == std::system_category() || error.category() == std::generic_category();
  const std::string limit = from_system ? limit_behind(error.value(), what) : std::string();
  return std::system_error(error, limit.empty() ? std::string(thing) : std::string(thing) + ": " + limit);
}

std::system_error system_refusal(int error, std::string_view thing, asked_for what) {
  return system_refusal(std::error_code(error, std::system_category()), thing, what);
}

bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace mote::detail
