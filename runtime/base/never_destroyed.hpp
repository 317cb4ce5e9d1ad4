// For the few objects that every thread of the program may use until the very end of its OS process: while exit() destroys
// what is static, processes may run on.
#pragma once

#include <new>
#include <utility>

namespace mote::detail {

/// Of static storage only. What it holds is never destroyed; its memory goes with the library's.
template <class T>
class never_destroyed {
 public:
  template <class... Args>
  explicit never_destroyed(Args&&... args) {
    ::new (static_cast<void*>(place_)) T(std::forward<Args>(args)...);
  }
  never_destroyed(const never_destroyed&) = delete;
  never_destroyed& operator=(const never_destroyed&) = delete;

  T& get() noexcept { return *std::launder(reinterpret_cast<T*>(place_)); }

 private:
  alignas(T) unsigned char place_[sizeof(T)];
};

}  // namespace mote::detail
