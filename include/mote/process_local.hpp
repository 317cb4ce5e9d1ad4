// A variable of which each process has its own: what thread_local is to a thread. (A thread_local is of no use in a process,
// which may go on in another thread after any call that yields.)
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace mote {
namespace detail {

/// The calling process's value for this key; made by `make` at the first use, destroyed when the process ends, in reverse
/// order of making. Throws usage_error from a plain thread.
void* local_value(std::uint32_t key, void* (*make)(const void* context), const void* context, void (*destroy)(void*) noexcept);
std::uint32_t new_local_key() noexcept;

}  // namespace detail

/// Declare it with static storage: `static mote::process_local<int> depth{0};`. Each process starts with a copy of the
/// initial value, made at its first use there. Reading and writing go through get(), *, ->.
template <class T>
class process_local {
 public:
  template <class... Args>
  explicit process_local(Args&&... args) : initial_(std::forward<Args>(args)...) {}
  process_local(const process_local&) = delete;
  process_local& operator=(const process_local&) = delete;

  T& get() const {
    return *static_cast<T*>(detail::local_value(
        key_, [](const void* self) -> void* { return new T(static_cast<const process_local*>(self)->initial_); }, this,
        [](void* value) noexcept { delete static_cast<T*>(value); }));
  }
  T& operator*() const { return get(); }
  T* operator->() const { return &get(); }

 private:
  const T initial_;
  const std::uint32_t key_ = detail::new_local_key();
};

}  // namespace mote
