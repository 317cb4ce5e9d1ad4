// The process-local variables of one process.
#pragma once

#include <cstdint>
#include <vector>

namespace mote::detail {

class local_values {
 public:
  local_values() = default;
  local_values(const local_values&) = delete;
  local_values& operator=(const local_values&) = delete;
  ~local_values() { clear(); }

  void* find(std::uint32_t key) const noexcept {
    for (const item& one : items_) {
      if (one.key == key) return one.value;
    }
    return nullptr;
  }
  void* add(std::uint32_t key, void* value, void (*destroy)(void*) noexcept) {
    try {
      items_.push_back({key, value, destroy});
    } catch (...) {
      destroy(value);
      throw;
    }
    return value;
  }
  /// Destroys all, the last made first; a destructor may make new ones.
  void clear() noexcept {
    while (!items_.empty()) {
      const item last = items_.back();
      items_.pop_back();
      last.destroy(last.value);
    }
  }

 private:
  struct item {
    std::uint32_t key;
    void* value;
    void (*destroy)(void*) noexcept;
  };
  std::vector<item> items_;
};

}  // namespace mote::detail
