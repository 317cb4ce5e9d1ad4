// What this machine offers and forbids, found once at the start by trying, and told in the diagnostics. Kernels and
// sandboxes differ more than their version numbers say.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace mote::detail {

/// A soft limit of setrlimit; nothing: unlimited.
using resource_limit = std::optional<std::uint64_t>;

struct environment {
  std::string kernel_release;
  unsigned cores = 1;                   // that the schedulers may use
  unsigned affinity_cores = 1;          // by the affinity mask alone
  std::optional<unsigned> quota_cores;  // by cgroups alone
  bool guard_advice = false;            // MADV_GUARD_INSTALL, Linux 6.13
  bool membarrier = false;
  bool pidfd = false;         // pidfd_open, Linux 5.3
  bool pidfd_info = false;    // PIDFD_GET_INFO, Linux 6.13; with the exit status since 6.15
  bool io_uring = false;      // also not forbidden by a sandbox
  bool shadow_stack = false;  // shadow_stack_active
  std::size_t page_bytes = 0;
  std::size_t least_signal_stack_bytes = 0;
  std::optional<std::uint64_t> max_map_count;    // vm.max_map_count: mappings of one OS process
  std::optional<std::uint64_t> overcommit_mode;  // vm.overcommit_memory: 0 heuristic, 1 always, 2 never
  std::string transparent_huge_pages;            // always, madvise, never; empty: unknown
  resource_limit open_files;                     // RLIMIT_NOFILE
  resource_limit threads_of_user;                // RLIMIT_NPROC
  resource_limit address_space_bytes;            // RLIMIT_AS
  resource_limit main_stack_bytes;               // RLIMIT_STACK
  std::string limits_on_memory, limits_on_threads;  // those in force, the cgroup's too (system_refusal.hpp)
  std::string allocator;                         // filled in by who knows
};

/// Probed at the first call, the same ever after. Any thread; the first call blocks as a few system calls do.
const environment& probed_environment();

/// Whether shadow stacks (CET) are on in this thread: switching stacks as the runtime does would fault then.
bool shadow_stack_active() noexcept;

/// One line a fact, "name: value".
std::string describe(const environment& found);

}  // namespace mote::detail
