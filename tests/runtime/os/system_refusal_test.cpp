// What a refusal of the system's is called: by the thing that was asked for and the limit that was reached.
#include "runtime/os/system_refusal.hpp"
#include "tests/runtime/os/fake_system.hpp"

#include <cerrno>

namespace mote::detail {
namespace {

class fake_limits : public test::fake_system {};

bool says(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

TEST_F(fake_limits, of_the_cgroup_are_the_lowest_of_its_own_and_its_ancestors) {
  version_two("/a/b/c");
  EXPECT_FALSE(says(limits_on_memory(root_), "memory.max")) << "nothing is limited";
  write("/cg/a/b/c/memory.max", "max\n");
  write("/cg/a/b/memory.max", "900000\n");
  write("/cg/a/memory.max", "400000\n");
  EXPECT_TRUE(says(limits_on_memory(root_), "the cgroup's memory.max is 400000")) << limits_on_memory(root_);
  write("/cg/a/b/c/memory.max", "300000\n");
  EXPECT_TRUE(says(limits_on_memory(root_), "the cgroup's memory.max is 300000")) << limits_on_memory(root_);
  write("/cg/a/b/c/pids.max", "70\n");
  write("/cg/pids.max", "60\n");
  EXPECT_TRUE(says(limits_on_threads(root_), "the cgroup's pids.max is 60")) << limits_on_threads(root_);
}

TEST_F(fake_limits, of_a_cgroup_of_version_one_count_unless_they_are_its_way_to_say_none) {
  version_one("/a");
  write("/v1/memory/elsewhere/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_FALSE(says(limits_on_memory(root_), "memory.max")) << limits_on_memory(root_);
  write("/v1/memory/memory.limit_in_bytes", "123456\n");
  EXPECT_TRUE(says(limits_on_memory(root_), "the cgroup's memory.max is 123456")) << limits_on_memory(root_);
}

TEST(system_refusal, names_the_limit_of_what_was_asked_for) {
  EXPECT_EQ(limit_behind(ENOMEM), "the system's memory for sockets");
  EXPECT_EQ(limit_behind(ENOMEM, asked_for::memory), limits_on_memory());
  EXPECT_EQ(limit_behind(ENOMEM, asked_for::thread), limits_on_memory());
  EXPECT_EQ(limit_behind(EAGAIN, asked_for::thread), limits_on_threads());
  EXPECT_EQ(limit_behind(EAGAIN), "");
  EXPECT_TRUE(says(limit_behind(ENOSPC), "fs.epoll.max_user_watches"));
  EXPECT_EQ(limit_behind(ENOSPC, asked_for::memory), "the space of files in memory");
}

}  // namespace
}  // namespace mote::detail
