#include "bench/harness.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace bench {

namespace {

// The value of a line such as "VmPTE:   120 kB", in bytes.
double status_bytes(std::string_view name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name)) return 1024 * std::stod(line.substr(name.size()));
  }
  throw std::runtime_error("no " + std::string(name) + " in /proc/self/status");
}

}  // namespace

std::int64_t clock_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

memory_use memory_now() {
  // statm rather than status: VmRSS lags behind by up to 64 pages a thread, statm too, but both settle; what counts
  // here is that the others' programs read the same file.
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident_pages = 0;
  statm >> size >> resident_pages;
  if (!statm) throw std::runtime_error("cannot read /proc/self/statm");
  return {resident_pages * static_cast<double>(sysconf(_SC_PAGESIZE)), status_bytes("VmPTE:")};
}

double cpu_ms() {
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto ms = [](const timeval& time) {
    return 1e3 * static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(use.ru_utime) + ms(use.ru_stime);
}

void confine_to_cores(unsigned cores) {
  cpu_set_t usable, chosen;
  CPU_ZERO(&chosen);
  if (sched_getaffinity(0, sizeof usable, &usable) != 0) {
    throw std::system_error(errno, std::generic_category(), "sched_getaffinity");
  }
  for (unsigned core = 0, left = cores; core < CPU_SETSIZE && left > 0; ++core) {
    if (!CPU_ISSET(core, &usable)) continue;
    CPU_SET(core, &chosen);
    --left;
  }
  if (sched_setaffinity(0, sizeof chosen, &chosen) != 0) {
    throw std::system_error(errno, std::generic_category(), "sched_setaffinity");
  }
}

double percentile(const std::vector<std::int64_t>& sorted, double share) {
  return static_cast<double>(sorted.at(static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))));
}

}  // namespace bench
