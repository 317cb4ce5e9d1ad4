// Pairs of local sockets that keep the bounds of what is sent: a packet arrives whole or not at all, whoever dies. One
// descriptor may travel with each.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

namespace mote::detail {

/// Closes its descriptor in the end.
class descriptor {
 public:
  descriptor() noexcept = default;
  explicit descriptor(int number) noexcept : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() { close(); }
  int get() const noexcept { return number_; }
  int release() noexcept { return std::exchange(number_, -1); }
  explicit operator bool() const noexcept { return number_ >= 0; }
  void close() noexcept;

 private:
  int number_ = -1;
};

struct packet_pair {
  descriptor near, far;
};

/// How a call went: bytes, or an errno value (EAGAIN: nothing now; EMFILE: what came along found no descriptor free). Zero bytes
/// received: the other end is closed.
struct packet_result {
  std::size_t bytes = 0;
  int error = 0;
};

/// Non-blocking, close-on-exec. Throws std::system_error that names the limit.
packet_pair make_packet_pair();
/// attached: a descriptor that is sent along, -1 for none; the caller keeps it.
packet_result send_packet(int socket, std::span<const std::byte> packet, std::span<const int> attached = {}) noexcept;
/// attached: takes what came along, up to its size; what is too many is closed. EMSGSIZE: the packet was larger, or more came
/// along than may; EMFILE: the packet is lost, since for what came along no descriptor was free. What was sent is received
/// whatever its sender had left unread when it closed.
packet_result receive_packet(int socket, std::span<std::byte> into, std::span<descriptor> attached) noexcept;
/// Ends both directions for whoever holds either end.
void shut_down(int socket) noexcept;
/// Blocks until there is something to receive, or the other end is closed.
void wait_for_packet(int socket) noexcept;

/// A nameless file that holds these bytes and can never be changed again. Throws std::system_error that names
/// the limit.
descriptor make_sealed_file(std::span<const std::byte> content);

/// The content of such a file, in memory while this lives.
class sealed_content {
 public:
  /// Nothing is mapped, and view is empty, when the file is none that make_sealed_file makes. Throws std::system_error that names
  /// the limit, when the system refuses the mapping.
  explicit sealed_content(const descriptor& file);
  sealed_content(const sealed_content&) = delete;
  sealed_content& operator=(const sealed_content&) = delete;
  ~sealed_content();
  std::span<const std::byte> view() const noexcept { return {static_cast<const std::byte*>(at_), size_}; }

 private:
  void* at_ = nullptr;
  std::size_t size_ = 0;
};

/// A page that two OS processes share, in memory while this lives. Both ways to make one throw std::system_error that names the
/// limit.
class shared_page {
 public:
  /// A new one, of noughts.
  shared_page();
  /// The one that another OS process has made.
  explicit shared_page(descriptor file);
  shared_page(shared_page&& other) noexcept : file_(std::move(other.file_)), at_(std::exchange(other.at_, nullptr)) {}
  shared_page& operator=(shared_page&&) = delete;
  ~shared_page();

  void* at() const noexcept { return at_; }
  /// To be passed on. Once it is, nobody here needs it any more.
  descriptor& file() noexcept { return file_; }

 private:
  descriptor file_;
  void* at_;
};

}  // namespace mote::detail
