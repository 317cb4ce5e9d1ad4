// Each probe tries the thing itself, in the smallest way, and undoes it.
#include "runtime/os/probe.hpp"

#include "runtime/base/never_destroyed.hpp"

#include <linux/io_uring.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <sstream>

#include "runtime/os/address_space.hpp"
#include "runtime/os/cores.hpp"
#include "runtime/os/membarrier.hpp"
#include "runtime/os/signal_stack.hpp"
#include "runtime/os/system_refusal.hpp"
#include "runtime/os/text_file.hpp"

namespace mote::detail {
namespace {

bool probe_guard_advice() {
  std::byte* const page = reserve_addresses(page_bytes());
  if (page == nullptr) return false;
  const address_range range{page, page_bytes()};
  const bool installed = allow_access(page, page_bytes()) && install_guards({&range, 1});
  release_addresses(page, page_bytes());
  return installed;
}

bool probe_io_uring() {
  io_uring_params parameters{};
  const long ring = syscall(SYS_io_uring_setup, 1, &parameters);
  if (ring < 0) return false;
  close(static_cast<int>(ring));
  return true;
}

// The first published form of struct pidfd_info, 64 bytes that begin with the mask of what is asked for.
using pidfd_info_bytes = std::array<std::uint64_t, 8>;

void probe_pidfd(environment& found) {
  const long self = syscall(SYS_pidfd_open, getpid(), 0);
  found.pidfd = self >= 0;
  if (!found.pidfd) return;
  pidfd_info_bytes info{};
  found.pidfd_info = ioctl(static_cast<int>(self), _IOWR(0xFF, 11, pidfd_info_bytes), info.data()) == 0;
  close(static_cast<int>(self));
}

std::optional<std::uint64_t> number_in(const std::string& path) {
  const std::string text = read_text(path);
  std::uint64_t value = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

// "always [madvise] never": the mode in force is the one in brackets.
std::string transparent_huge_pages() {
  const std::string modes = read_text("/sys/kernel/mm/transparent_hugepage/enabled");
  const std::size_t begin = modes.find('['), end = modes.find(']');
  return begin < end && end != std::string::npos ? modes.substr(begin + 1, end - begin - 1) : "";
}

template <class Resource>
resource_limit limit_of(Resource resource) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

void read_limits(environment& found) {
  found.max_map_count = number_in("/proc/sys/vm/max_map_count");
  found.overcommit_mode = number_in("/proc/sys/vm/overcommit_memory");
  found.transparent_huge_pages = transparent_huge_pages();
  found.open_files = limit_of(RLIMIT_NOFILE);
  found.threads_of_user = limit_of(RLIMIT_NPROC);
  found.address_space_bytes = limit_of(RLIMIT_AS);
  found.main_stack_bytes = limit_of(RLIMIT_STACK);
  found.limits_on_memory = limits_on_memory();
  found.limits_on_threads = limits_on_threads();
}

environment probe() {
  environment found;
  utsname names{};
  if (uname(&names) == 0) found.kernel_release = names.release;
  found.affinity_cores = static_cast<unsigned>(usable_cpu_ids().size());
  found.quota_cores = quota_cores();
  found.cores = usable_cores();
  found.guard_advice = probe_guard_advice();
  found.membarrier = membarrier_available();
  found.io_uring = probe_io_uring();
  found.shadow_stack = shadow_stack_active();
  found.page_bytes = page_bytes();
  found.least_signal_stack_bytes = least_signal_stack_bytes();
  probe_pidfd(found);
  read_limits(found);
  return found;
}

template <class Value>
std::string or_else(const std::optional<Value>& value, const char* otherwise) {
  return value ? std::to_string(*value) : otherwise;
}

const char* yes_or_no(bool value) { return value ? "yes" : "no"; }

}  // namespace

bool shadow_stack_active() noexcept {
#if defined(__x86_64__) && defined(SYS_arch_prctl)
  constexpr int status = 0x5005;  // ARCH_SHSTK_STATUS, Linux 6.6
  constexpr unsigned long shadow_stack = 1;
  unsigned long features = 0;
  return syscall(SYS_arch_prctl, status, &features) == 0 && (features & shadow_stack) != 0;
#else
  return false;
#endif
}

const environment& probed_environment() {
  static never_destroyed<environment> found(probe());
  return found.get();
}

std::string describe(const environment& found) {
  std::ostringstream text;
  text << "kernel: " << found.kernel_release << "\ncores: " << found.cores << " (affinity " << found.affinity_cores
       << ", quota " << or_else(found.quota_cores, "none") << ")\nguard advice: " << yes_or_no(found.guard_advice)
       << "\nmembarrier: " << yes_or_no(found.membarrier) << "\npidfd: " << yes_or_no(found.pidfd)
       << "\npidfd info: " << yes_or_no(found.pidfd_info) << "\nio_uring: " << yes_or_no(found.io_uring)
       << "\nshadow stack: " << yes_or_no(found.shadow_stack) << "\npage bytes: " << found.page_bytes
       << "\nleast signal stack bytes: " << found.least_signal_stack_bytes
       << "\nmax map count: " << or_else(found.max_map_count, "unknown")
       << "\novercommit mode: " << or_else(found.overcommit_mode, "unknown") << "\ntransparent huge pages: "
       << (found.transparent_huge_pages.empty() ? "unknown" : found.transparent_huge_pages)
       << "\nopen files: " << or_else(found.open_files, "unlimited")
       << "\nthreads of user: " << or_else(found.threads_of_user, "unlimited")
       << "\naddress space bytes: " << or_else(found.address_space_bytes, "unlimited")
       << "\nmain stack bytes: " << or_else(found.main_stack_bytes, "unlimited");
  text << "\nlimits on memory: " << found.limits_on_memory << "\nlimits on threads: " << found.limits_on_threads;
  if (!found.allocator.empty()) text << "\nallocator: " << found.allocator;
  text << '\n';
  return text.str();
}

}  // namespace mote::detail
