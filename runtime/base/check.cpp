#include "runtime/base/check.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace mote::detail {

void check_failed(const char* file, int line, const char* what) noexcept {
  char text[512];
  const int length = std::snprintf(text, sizeof text, "mote: %s:%d: check failed: %s\n", file, line, what);
  if (length > 0) {
    const auto shown = static_cast<unsigned long>(length) < sizeof text ? static_cast<unsigned long>(length) : sizeof text;
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text, shown);
  }
  std::abort();
}

}  // namespace mote::detail
