// A value that its owner writes and anyone may read at any time, without order: counters and states for reports.
#pragma once

#include <atomic>

namespace mote::detail {

/// Copies like the plain value. Written by one thread at a time.
template <class T>
class relaxed_cell {
 public:
  constexpr relaxed_cell(T value = T{}) noexcept : value_(value) {}
  relaxed_cell(const relaxed_cell& other) noexcept : value_(static_cast<T>(other)) {}
  relaxed_cell& operator=(const relaxed_cell& other) noexcept { return *this = static_cast<T>(other); }
  relaxed_cell& operator=(T value) noexcept {
    value_.store(value, std::memory_order_relaxed);
    return *this;
  }
  operator T() const noexcept { return value_.load(std::memory_order_relaxed); }
  void add(T more) noexcept { *this = static_cast<T>(static_cast<T>(*this) + more); }
  void subtract(T less) noexcept { *this = static_cast<T>(static_cast<T>(*this) - less); }

 private:
  std::atomic<T> value_;
};

}  // namespace mote::detail
