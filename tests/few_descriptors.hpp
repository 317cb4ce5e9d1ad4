// A test's own shortage of descriptors.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace mote::test {

/// No more than `spare` descriptors can be opened while this lives.
class few_descriptors {
 public:
  explicit few_descriptors(rlim_t spare) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    std::vector<int> free;  // the lowest numbers that are, which need not follow one another, and the first beyond them
    for (rlim_t i = 0; i <= spare; ++i) free.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    for (const int one : free) ::close(one);
    rlimit fewer = before_;
    fewer.rlim_cur = static_cast<rlim_t>(free.back());
    ::setrlimit(RLIMIT_NOFILE, &fewer);
  }
  ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  few_descriptors(const few_descriptors&) = delete;
  few_descriptors& operator=(const few_descriptors&) = delete;

 private:
  rlimit before_{};
};

}  // namespace mote::test
