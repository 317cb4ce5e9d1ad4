// A made-up /proc and cgroup tree below a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace mote::test {

namespace fs = std::filesystem;

class fake_system : public testing::Test {
 protected:
  fake_system() {
    std::string pattern = (fs::temp_directory_path() / "mote_system_XXXXXX").string();
    const char* const made = mkdtemp(pattern.data());
    root_ = made != nullptr ? made : "";
  }
  ~fake_system() override { fs::remove_all(root_); }
  void SetUp() override { ASSERT_FALSE(root_.empty()); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(root_ + path).parent_path());
    std::ofstream(root_ + path) << text;
  }
  void version_two(const std::string& group, const std::string& shown = "/") const {
    write("/proc/self/cgroup", "0::" + group + "\n");
    write("/proc/self/mountinfo", "22 1 0:21 / /proc rw - proc proc rw\n30 23 0:26 " + shown +
                                      " /cg rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  void version_one(const std::string& group) const {
    write("/proc/self/cgroup", "3:memory:/elsewhere\n2:cpu,cpuacct:" + group + "\n1:name=systemd:/x\n");
    write("/proc/self/mountinfo",
          "31 23 0:27 / /v1/memory rw - cgroup cgroup rw,memory\n32 23 0:28 / /v1/cpu rw - cgroup cgroup "
          "rw,cpu,cpuacct\n");
  }

  std::string root_;
};

}  // namespace mote::test
