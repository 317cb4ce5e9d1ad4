#include "runtime/os/system_refusal.hpp"

#include <sys/resource.h>

#include <cerrno>

namespace mote::detail {

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
