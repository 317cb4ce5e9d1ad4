// How many cores: the quotas of made-up cgroup trees, and what the real machine says.
#include "runtime/os/cores.hpp"
#include "tests/runtime/os/fake_system.hpp"

#include <sched.h>

#include <optional>

namespace mote::detail {
namespace {

namespace fs = std::filesystem;

class fake_cores : public test::fake_system {
 protected:
  std::optional<unsigned> quota() const { return quota_cores(root_); }
};

TEST_F(fake_cores, without_cgroup_files_has_no_quota) {
  EXPECT_EQ(quota(), std::nullopt);
  EXPECT_EQ(usable_cores(root_), usable_cpu_ids().size());
}

TEST_F(fake_cores, rounds_a_quota_up_and_to_one_at_least) {
  version_two("/job");
  write("/cg/job/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 2U);
  write("/cg/job/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2U);
  write("/cg/job/cpu.max", "1000 100000\n");
  EXPECT_EQ(quota(), 1U);
  EXPECT_EQ(usable_cores(root_), 1U);
}

TEST_F(fake_cores, is_limited_by_every_ancestor) {
  version_two("/a/b/c");
  write("/cg/a/b/c/cpu.max", "900000 100000\n");
  write("/cg/a/b/cpu.max", "max 100000\n");
  write("/cg/a/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 3U);
  write("/cg/a/b/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2U);
  write("/cg/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 1U);
}

TEST_F(fake_cores, ignores_what_is_malformed_or_makes_no_sense) {
  version_two("/a/b");
  write("/cg/a/cpu.max", "400000 100000\n");
  for (const char* text : {"", "\n", "max", "max 100000", "garbage 100000", "100000", "100000 0", "100000 x",
                           "-5 100000", "0 100000", "99999999999999999999999 100000", "10.5 100000", "1 2x"}) {
    write("/cg/a/b/cpu.max", text);
    EXPECT_EQ(quota(), 4U) << text;
  }
}

TEST_F(fake_cores, a_huge_quota_does_not_overflow) {
  version_two("/a");
  write("/cg/a/cpu.max", "9223372036854775807 1\n");
  EXPECT_EQ(quota(), 2147483647U);
  EXPECT_EQ(usable_cores(root_), usable_cpu_ids().size());
}

TEST_F(fake_cores, tolerates_malformed_tables) {
  write("/proc/self/cgroup", "\n:\n0:\nnonsense\n0::");
  write("/proc/self/mountinfo",
        "\n1 2 3\n - - -\n1 2 3 4 5 6 7 8 -\n1 2 3 4 5 - cgroup2\n1 2 3 / /cg rw - cgroup2 c rw\n");
  EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(fake_cores, a_folder_in_place_of_a_file_limits_nothing) {
  version_two("/a");
  fs::create_directories(root_ + "/cg/a/cpu.max");
  EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(fake_cores, a_mount_that_shows_part_of_the_tree_is_understood) {
  version_two("/docker/id/job", "/docker/id");
  write("/cg/job/cpu.max", "100000 100000\n");
  write("/cg/cpu.max", "300000 100000\n");
  EXPECT_EQ(quota(), 1U);
  version_two("/docker/idle", "/docker/id");  // not below what is shown: only its top counts
  write("/cg/le/cpu.max", "100000 100000\n");
  EXPECT_EQ(quota(), 3U);
  version_two("/../../job");
  EXPECT_EQ(quota(), 3U);
}

TEST_F(fake_cores, version_one_quotas_and_their_ancestors_count) {
  version_one("/a/b");
  write("/v1/cpu/a/b/cpu.cfs_quota_us", "-1\n");
  write("/v1/cpu/a/b/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("/v1/cpu/a/cpu.cfs_quota_us", "250000\n");
  write("/v1/cpu/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 3U);
  write("/v1/memory/elsewhere/cpu.cfs_quota_us", "100000\n");
  write("/v1/memory/elsewhere/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 3U);
}

TEST_F(fake_cores, mount_points_with_blanks_are_understood) {
  write("/proc/self/cgroup", "0::/a\n");
  write("/proc/self/mountinfo", "30 23 0:26 / /c\\040g rw - cgroup2 cgroup2 rw\n");
  write("/c g/a/cpu.max", "100000 100000\n");
  EXPECT_EQ(quota(), 1U);
}

TEST(cores, follow_the_affinity_mask) {
  cpu_set_t before, one;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  const std::vector<int> ids = usable_cpu_ids();
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(CPU_COUNT(&before)));
  CPU_ZERO(&one);
  CPU_SET(static_cast<unsigned>(ids.back()), &one);
  ASSERT_EQ(sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(usable_cpu_ids(), std::vector<int>{ids.back()});
  EXPECT_EQ(usable_cores(), 1U);
  ASSERT_EQ(sched_setaffinity(0, sizeof before, &before), 0);
}

}  // namespace
}  // namespace mote::detail
