#include "bench/rerun.hpp"

#include "bench/child.hpp"

namespace bench {

int rerun(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& on_line) {
  std::vector<std::string> argv{"/proc/self/exe"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  child again(argv, false);
  for (std::string line; again.read_line(line);) on_line(line);
  return again.wait();
}

}  // namespace bench
