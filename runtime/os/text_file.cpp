// Reads a file as a whole, whatever size the kernel says it has: for those of /proc it says 0.
#include "runtime/os/text_file.hpp"

#include <fstream>
#include <sstream>

namespace mote::detail {

std::string read_text(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  if (file) text << file.rdbuf();
  return text.str();
}

}  // namespace mote::detail
