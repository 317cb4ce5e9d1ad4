#include "runtime/os/system_refusal.hpp"

#include "runtime/os/text_file.hpp"

#include <sys/resource.h>

#include <cerrno>

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

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// A limit of the cgroup that this OS process is in itself (version 2); those above it may be lower.
std::string cgroup_limit(const char* file) {
  const std::string groups = read_text("/proc/self/cgroup");
  const std::size_t own = groups.find("0::/");
  if (own == std::string::npos) return {};
  const std::string limit = first_line(read_text("/sys/fs/cgroup" + first_line(groups.substr(own + 3)) + "/" + file));
  return limit == "max" ? std::string() : limit;
}

}  // namespace

std::string limits_on_memory() {
  std::string text;
  add_limit(text, "RLIMIT_AS", RLIMIT_AS, " bytes");
  add_limit(text, "RLIMIT_DATA", RLIMIT_DATA, " bytes");
  add(text, "the cgroup's memory.max", cgroup_limit("memory.max"));
  add(text, "vm.overcommit_memory", first_line(read_text("/proc/sys/vm/overcommit_memory")));
  add(text, "vm.max_map_count", first_line(read_text("/proc/sys/vm/max_map_count")));
  return text;
}

std::string limits_on_threads() {
  std::string text;
  add_limit(text, "RLIMIT_NPROC", RLIMIT_NPROC, " threads of this user");
  add(text, "the cgroup's pids.max", cgroup_limit("pids.max"));
  add(text, "kernel.threads-max", first_line(read_text("/proc/sys/kernel/threads-max")));
  return text;
}

std::string limit_behind(int error) {
  switch (error) {
    case EMFILE: {
      rlimit files{};
      static_cast<void>(getrlimit(RLIMIT_NOFILE, &files));
      return "the limit of open files of this OS process, " + std::to_string(files.rlim_cur) + " (RLIMIT_NOFILE)";
    }
    case ENFILE:
      return "the system's limit of open files (fs.file-max)";
    case ENOBUFS:
    case ENOMEM:
      return "the system's memory for sockets";
    case ENOSPC:
      return "the limit of watched descriptors (fs.epoll.max_user_watches)";
    case EADDRNOTAVAIL:
      return "no such address here, or its ports are used up (net.ipv4.ip_local_port_range)";
    default:
      return {};
  }
}

std::system_error system_refusal(const std::error_code& error, std::string_view thing) {
  const bool from_system = error.category() == std::system_category() || error.category() == std::generic_category();
  const std::string limit = from_system ? limit_behind(error.value()) : std::string();
  return std::system_error(error, limit.empty() ? std::string(thing) : std::string(thing) + ": " + limit);
}

std::system_error system_refusal(int error, std::string_view thing) {
  return system_refusal(std::error_code(error, std::system_category()), thing);
}

bool is_shortage(int error) noexcept {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace mote::detail
