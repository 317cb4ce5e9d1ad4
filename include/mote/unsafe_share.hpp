// The one way around the isolation of processes: memory shared on purpose, and easy to grep for.
#pragma once

#include <mote/message_traits.hpp>

#include <cstddef>
#include <memory>
#include <utility>

namespace mote {

/// A message that shares one T between its sender and its receivers. Whatever they do with it at the same time, they
/// order themselves: with atomics or a mutex inside T, or because nobody writes. mote checks nothing here, and such a
/// message never crosses to an OS process. The last copy destroys T, on whichever thread that happens.
/// A copy counts as a shared_ptr's: thread-safe, no allocation, never blocks.
template <class T>
class unsafe_share {
 public:
  unsafe_share() noexcept = default;
  /// Shares what `owner` owns.
  explicit unsafe_share(std::shared_ptr<T> owner) noexcept : owner_(std::move(owner)) {}
  /// Shares what nobody owns here: the caller keeps *object alive for as long as any copy may be used.
  explicit unsafe_share(T* object) noexcept : owner_(std::shared_ptr<T>(), object) {}

  T* get() const noexcept { return owner_.get(); }
  T& operator*() const noexcept { return *owner_; }
  T* operator->() const noexcept { return owner_.get(); }
  explicit operator bool() const noexcept { return owner_ != nullptr; }

  friend bool operator==(const unsafe_share& a, const unsafe_share& b) noexcept { return a.get() == b.get(); }

 private:
  std::shared_ptr<T> owner_;
};

template <class T>
struct message_traits<unsafe_share<T>> {
  static constexpr bool owns_all = true;
};

}  // namespace mote
