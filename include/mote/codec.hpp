// Bytes of values that cross to another OS process. Whatever mote can look into crosses by itself; a class with private
// state names these two in its message_traits. Both ends are the same program on the same machine: numbers travel as they
// lie in memory.
#pragma once

#include <mote/message_traits.hpp>

#include <cstddef>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace mote {

/// What came from another OS process is no encoding of the type that was expected; the text says of which, and why.
class decode_error : public std::system_error {
 public:
  explicit decode_error(const std::string& what)
      : std::system_error(std::make_error_code(std::errc::bad_message), "mote::decoder: " + what) {}
};

namespace detail {

/// How deep a value may be nested in itself on its way: a list of lists of lists. What is deeper is refused at both ends.
inline constexpr unsigned deepest_crossing = 64;

/// One level of nesting, while it lives. Throws through `refuse` when there are too many.
template <class Coder>
class nesting {
 public:
  explicit nesting(Coder& coder) : coder_(coder) {
    if (++coder_.depth_ > deepest_crossing) coder_.refuse_depth();
  }
  nesting(const nesting&) = delete;
  nesting& operator=(const nesting&) = delete;
  ~nesting() { --coder_.depth_; }

 private:
  Coder& coder_;
};

}  // namespace detail

/// Takes values and keeps their bytes. Throws std::bad_alloc; usage_error for a value that cannot cross although its type
/// can: one nested more than 64 deep, a container of more than 4,294,967,295 elements.
class encoder {
 public:
  encoder() = default;
  /// One that keeps nothing, and only counts: size() tells how many bytes there would be.
  struct counting {};
  explicit encoder(counting) noexcept : counts_(true) {}

  /// A type that cannot cross does not compile, and the error names the field.
  template <class T>
  void put(const T& value);
  void put_raw(const void* from, std::size_t size) {
    counted_ += size;
    if (size == 0 || counts_) return;
    const auto* const begin = static_cast<const std::byte*>(from);
    bytes_.insert(bytes_.end(), begin, begin + size);
  }
  void put_count(std::size_t count);
  std::size_t size() const noexcept { return counted_; }
  std::span<const std::byte> view() const noexcept { return bytes_; }
  std::vector<std::byte> take() noexcept { return std::move(bytes_); }
  /// Writes over what was put at this place.
  void overwrite(std::size_t at, const void* from, std::size_t size) noexcept {
    if (!counts_) std::memcpy(&bytes_[at], from, size);
  }

 private:
  friend class detail::nesting<encoder>;
  [[noreturn]] static void refuse_depth();

  std::vector<std::byte> bytes_;
  std::size_t counted_ = 0;
  unsigned depth_ = 0;
  bool counts_ = false;
};

/// Gives back, in the same order, what was put. Trusts nothing: bytes that mean nothing throw decode_error, and what is made
/// of n bytes holds at most n elements. The bytes outlive it.
class decoder {
 public:
  explicit decoder(std::span<const std::byte> from) noexcept : left_(from) {}
  template <class T>
  T get();
  void get_raw(void* to, std::size_t size) {
    if (size > left_.size()) refuse("it ends too early");
    if (size == 0) return;
    std::memcpy(to, left_.data(), size);
    left_ = left_.subspan(size);
  }
  /// A view of the next bytes, which lives as long as they do.
  std::span<const std::byte> get_view(std::size_t size) {
    if (size > left_.size()) refuse("it ends too early");
    const auto found = left_.first(size);
    left_ = left_.subspan(size);
    return found;
  }
  /// How many elements follow, each of at least this many bytes.
  std::size_t get_count(std::size_t least_bytes = 1);
  std::size_t left() const noexcept { return left_.size(); }
  /// Throws decode_error.
  [[noreturn]] static void refuse(std::string_view why);

 private:
  friend class detail::nesting<decoder>;
  [[noreturn]] static void refuse_depth();

  std::span<const std::byte> left_;
  unsigned depth_ = 0;
};

}  // namespace mote

#include <mote/detail/codec.hpp>
