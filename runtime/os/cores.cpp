// Reads the affinity mask, and the quotas of the cgroups.
#include "runtime/os/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <memory>
#include <sstream>
#include <string_view>

#include "runtime/os/cgroup.hpp"
#include "runtime/os/text_file.hpp"

namespace mote::detail {
namespace {

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
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
  std::optional<unsigned> least;
  for (const cgroup_folder& each : own_cgroups(root, "cpu")) keep_smaller(least, quota_of(each.path, each.version));
  return least;
}

unsigned usable_cores(const std::string& root) {
  const auto cores = static_cast<unsigned>(usable_cpu_ids().size());
  return std::min(cores, quota_cores(root).value_or(cores));
}

}  // namespace mote::detail
