// A file without a place on any disk.
#pragma once

#include <string>

namespace mote::detail {

class memory_file {
 public:
  /// name: for who looks into /proc. Throws std::system_error that names the limit.
  explicit memory_file(const char* name);
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;
  ~memory_file();

  int descriptor() const noexcept { return descriptor_; }
  /// All that has been written. Throws std::bad_alloc, std::system_error.
  std::string content() const;

 private:
  int descriptor_;
};

}  // namespace mote::detail
