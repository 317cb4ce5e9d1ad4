// The same with an OS process for a process: fork, exit, wait.
#include "bench/harness.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace bench {

namespace {

void run(const trial& now) {
  confine_to_cores(now.schedulers());
  const stopwatch time;
  for (std::uint64_t i = 0; i < now.count(); ++i) {
    const pid_t child = fork();
    if (child == 0) _exit(0);
    if (child < 0 || waitpid(child, nullptr, 0) != child) {
      throw std::system_error(errno, std::generic_category(), "fork or waitpid");
    }
  }
  now.report("ns_per_op", time.nanoseconds() / static_cast<double>(now.count()), "ns");
}

}  // namespace

extern const workload fork_wait{"fork_wait", "OS processes forked and waited for, one at a time", 5000, run, false};

}  // namespace bench
