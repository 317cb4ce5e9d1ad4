// What a stream or a listener holds of its socket.
#pragma once

#include <utility>

namespace mote::detail {

struct io_entry;

/// Closes the socket. Any thread.
void close_io(io_entry& entry) noexcept;

/// The one owner of an open socket. Moves; closes in its destructor, in any thread.
class io_handle {
 public:
  constexpr io_handle() noexcept = default;
  explicit io_handle(io_entry* entry) noexcept : entry_(entry) {}
  io_handle(io_handle&& other) noexcept : entry_(std::exchange(other.entry_, nullptr)) {}
  io_handle& operator=(io_handle&& other) noexcept {
    std::swap(entry_, other.entry_);
    other.reset();
    return *this;
  }
  ~io_handle() { reset(); }

  void reset() noexcept {
    if (entry_ != nullptr) close_io(*std::exchange(entry_, nullptr));
  }
  io_entry* get() const noexcept { return entry_; }
  explicit operator bool() const noexcept { return entry_ != nullptr; }

 private:
  io_entry* entry_ = nullptr;
};

}  // namespace mote::detail
