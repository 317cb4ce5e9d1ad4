// Who is called what. One table a runtime, under a lock that is held for a look-up only.
#pragma once

#include <mote/pid.hpp>

#include <functional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace mote::detail {

class name_table {
 public:
  /// False: somebody has the name.
  bool add(std::string_view name, pid who);
  /// Takes the name from whoever has it, or only from `who`; a pid that names nobody: it was not there.
  pid remove(std::string_view name);
  pid find(std::string_view name) const;
  /// Throws usage_error that names the call and the name, when nobody has it.
  pid require(const char* call, std::string_view name) const;
  std::vector<std::string> all() const;

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  mutable std::shared_mutex lock_;
  std::unordered_map<std::string, pid, text_hash, std::equal_to<>> names_;
};

}  // namespace mote::detail
