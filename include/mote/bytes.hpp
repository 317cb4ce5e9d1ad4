// Large data without copying: an immutable block of bytes that its holders count, as Erlang's binaries. Nobody can
// write to it after it is made, so sharing it between processes shares nothing that changes.
#pragma once

#include <mote/message_traits.hpp>

#include <atomic>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mote {

namespace detail {

/// The counted block; its bytes follow it.
// holders_  how many `bytes` point here; the one that takes it to 0 frees the block, and no other sees it any more.
// O1  A holder's decrement (release) -> the last decrement (acquire): whatever the others read, they read before the
//     free. The increment is relaxed: who copies holds one already, and hands the copy over by means
//     that order it.
// Source: Boost.Atomic's reference counting example.
class alignas(16) bytes_block {
 public:
  static bytes_block* make(std::size_t size) {
    return ::new (::operator new (sizeof(bytes_block) + size, std::align_val_t{alignof(bytes_block)})) bytes_block;
  }
  std::byte* data() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
  void add() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;  // O1
    this->~bytes_block();
    ::operator delete (this, std::align_val_t{alignof(bytes_block)});
  }
  std::size_t holders() const noexcept { return holders_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::size_t> holders_{1};
};

}  // namespace detail

/// A value of 16 bytes: a part of an immutable block, which lives as long as any `bytes` refers to it. Copying,
/// slicing, sending and destroying take constant time and never allocate or block; a copy may go to any process or
/// thread. A block holds at most bytes::max_size() bytes (4 GiB less one); making a larger one throws
/// std::length_error, and without memory std::bad_alloc. A small slice keeps its whole block alive: copy it with
/// bytes(slice.view()) to let go.
class bytes {
 public:
  /// No bytes, no block.
  constexpr bytes() noexcept = default;
  /// A copy of what a string, string_view, span, vector or array of char, std::byte or std::uint8_t holds.
  template <class Content>
  requires(!std::is_same_v<Content, bytes> &&
           requires(const Content& c) {
             requires sizeof(*c.data()) == 1 && std::is_trivially_copyable_v<std::remove_cvref_t<decltype(*c.data())>>;
             { c.size() } -> std::convertible_to<std::size_t>;
           }) explicit bytes(const Content& content)
      : bytes(copy_of(content.data(), content.size())) {}
  /// A copy of a string literal, without its terminating zero.
  explicit bytes(const char* content) : bytes(std::string_view(content)) {}

  /// A block of `size` bytes that fill(std::span<std::byte>) writes, without a copy: read() into it, say. The bytes are
  /// not set before. What fill throws is passed on, and the block freed.
  template <class Fill>
  static bytes build(std::size_t size, Fill&& fill) {
    bytes made = allocate(size);
    std::forward<Fill>(fill)(std::span<std::byte>(made.mutable_data(), size));
    return made;
  }

  bytes(const bytes& other) noexcept : block_(other.block_), offset_(other.offset_), size_(other.size_) {
    if (block_ != nullptr) block_->add();
  }
  bytes(bytes&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)),
        offset_(std::exchange(other.offset_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  bytes& operator=(bytes other) noexcept {
    swap(other);
    return *this;
  }
  ~bytes() {
    if (block_ != nullptr) block_->release();
  }
  void swap(bytes& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
  }

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  static constexpr std::size_t max_size() noexcept { return 0xffff'ffff; }

  /// Null when there is no block. A block's first byte is aligned to 16.
  const std::byte* data() const noexcept { return block_ == nullptr ? nullptr : block_->data() + offset_; }
  const std::byte* begin() const noexcept { return data(); }
  const std::byte* end() const noexcept { return data() + size_; }
  /// index < size(), unchecked.
  std::byte operator[](std::size_t index) const noexcept { return data()[index]; }

  /// Views of the bytes, valid while this or another `bytes` refers to the block.
  std::span<const std::byte> span() const noexcept { return {data(), size()}; }
  std::string_view view() const noexcept { return {reinterpret_cast<const char*>(data()), size()}; }

  /// The part that begins at `offset`, of at most `length` bytes, in the same block. Throws std::out_of_range when
  /// offset > size(), as std::string_view::substr.
  bytes slice(std::size_t offset, std::size_t length = std::string_view::npos) const {
    if (offset > size_) throw std::out_of_range("mote::bytes::slice: offset beyond the end");
    bytes part(*this);
    part.offset_ += static_cast<std::uint32_t>(offset);
    part.size_ = static_cast<std::uint32_t>(length < size_ - offset ? length : size_ - offset);
    return part;
  }

  /// How many `bytes` refer to the block just now; 0 without one. For reports and tests.
  std::size_t holders() const noexcept { return block_ == nullptr ? 0 : block_->holders(); }

  /// By content.
  friend bool operator==(const bytes& a, const bytes& b) noexcept { return a.view() == b.view(); }
  friend auto operator<=>(const bytes& a, const bytes& b) noexcept { return a.view() <=> b.view(); }

 private:
  static bytes allocate(std::size_t size) {
    if (size > max_size()) throw std::length_error("mote::bytes: a block holds at most 4294967295 bytes");
    bytes made;
    if (size == 0) return made;
    made.block_ = detail::bytes_block::make(size);
    made.size_ = static_cast<std::uint32_t>(size);
    return made;
  }
  static bytes copy_of(const void* from, std::size_t size) {
    bytes made = allocate(size);
    if (size != 0) std::memcpy(made.mutable_data(), from, size);
    return made;
  }
  std::byte* mutable_data() noexcept { return block_ == nullptr ? nullptr : block_->data(); }

  detail::bytes_block* block_ = nullptr;
  std::uint32_t offset_ = 0;
  std::uint32_t size_ = 0;
};
static_assert(sizeof(bytes) == 16);

template <>
struct message_traits<bytes> {
  static constexpr bool owns_all = true;
  static void encode(const bytes& value, encoder& out);
  static bytes decode(decoder& in);
};

}  // namespace mote

/// Equal bytes hash equally, and as the std::string_view of the same bytes.
template <>
struct std::hash<mote::bytes> {
  std::size_t operator()(const mote::bytes& value) const noexcept {
    return std::hash<std::string_view>{}(value.view());
  }
};
