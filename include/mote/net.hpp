// TCP: listeners and streams for processes, over IPv4 and IPv6. A call that finds nothing to do parks its process and leaves
// the scheduler to others; every call takes a deadline.
//
// A stream has one owner at a time. It moves: return it, keep it in a struct, or hand it over as a message or an argument of
// spawn, by std::move. Its destructor closes it, so a process that ends, or is killed, closes what it holds. (What an
// abandoned process held is closed when the runtime ends.) It must not outlive the runtime.
//
// Each operation has two forms. One throws std::system_error, whose text names the peer and, where one was reached, the
// limit; the other, for failures that are part of normal work, takes a std::error_code& and returns what was done until then.
// Errors are the system's (std::errc::timed_out: the deadline), or of net_error. Whatever the form: all of these may end the
// process, others run meanwhile, and from a plain thread they throw usage_error.
//
// In deterministic mode the network is simulated: streams in memory, within the runtime, with seeded delays and portions.
#pragma once

#include <mote/deadline.hpp>
#include <mote/detail/io_handle.hpp>
#include <mote/endpoint.hpp>
#include <mote/message_traits.hpp>
#include <mote/net_error.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace mote {

/// The addresses of a host, in the order in which to try them; a written address is its own. Names are resolved on threads
/// beside the schedulers, by the C library.
std::vector<ip_address> resolve(std::string_view host, deadline until = {});
std::vector<ip_address> resolve(std::string_view host, std::error_code& error, deadline until = {});

/// A connection. Small writes are sent at once (TCP_NODELAY).
class tcp_stream {
 public:
  /// Not open.
  tcp_stream() noexcept = default;
  tcp_stream(tcp_stream&&) noexcept = default;
  tcp_stream& operator=(tcp_stream&&) noexcept = default;

  static tcp_stream connect(const endpoint& to, deadline until = {});
  static tcp_stream connect(const endpoint& to, std::error_code& error, deadline until = {});
  /// Tries each address of the host in turn, until one answers; the error is the last one's. Each may take its share of what is
  /// left until the deadline: half of it the first of two.
  static tcp_stream connect(std::string_view host, std::uint16_t port, deadline until = {});
  static tcp_stream connect(std::string_view host, std::uint16_t port, std::error_code& error, deadline until = {});

  /// Waits until there is something, and takes what there is, into.size() at most. Returns 0 at the end of the stream.
  std::size_t read(std::span<char> into, deadline until = {});
  std::size_t read(std::span<char> into, std::error_code& error, deadline until = {});
  /// Takes exactly into.size(). net_error::end_of_stream: it ended before; what came is in `into`. Returns how much came.
  std::size_t read_exactly(std::span<char> into, deadline until = {});
  std::size_t read_exactly(std::span<char> into, std::error_code& error, deadline until = {});
  /// Takes up to the delimiter, and returns that with the delimiter: `limit` bytes at most, else net_error::delimiter_missing.
  /// Where it fails, what has come stays for the next read.
  std::string read_until(std::string_view delimiter, std::size_t limit, deadline until = {});
  std::string read_until(std::string_view delimiter, std::size_t limit, std::error_code& error, deadline until = {});

  /// Hands all of it to the system, waiting for room. Returns how much that was.
  std::size_t write(std::string_view all, deadline until = {});
  std::size_t write(std::string_view all, std::error_code& error, deadline until = {});
  /// Nothing more is to come from here: the peer reads the end after what was written. Reading goes on.
  void shutdown_write();
  void shutdown_write(std::error_code& error);

  /// What is unread is lost; the peer sees an end, or a reset if it wrote what nobody read.
  void close() noexcept;
  /// Closes so that the peer sees a reset.
  void abort() noexcept;
  bool is_open() const noexcept { return static_cast<bool>(handle_); }

  /// on: small writes wait for company (Nagle's algorithm).
  void delay_small_writes(bool on);
  endpoint local_endpoint() const;
  endpoint peer_endpoint() const;

 private:
  friend class tcp_listener;
  explicit tcp_stream(detail::io_handle handle) noexcept : handle_(std::move(handle)) {}
  std::size_t read_some(char* into, std::size_t most, std::error_code& error, deadline until);
  std::size_t take_ahead(char* into, std::size_t most) noexcept;
  std::string text() const;

  detail::io_handle handle_;
  std::string ahead_;  ///< read beyond a delimiter
  std::size_t ahead_at_ = 0;
};

struct listen_options {
  int backlog = 4096;         ///< connections that wait for accept; the system's net.core.somaxconn limits it too
  bool v6_only = false;       ///< on ::, IPv4 is not taken too
  bool share_port = false;    ///< other listeners may have the same port, and the system spreads connections
};

class tcp_listener {
 public:
  tcp_listener() noexcept = default;
  tcp_listener(tcp_listener&&) noexcept = default;
  tcp_listener& operator=(tcp_listener&&) noexcept = default;

  static tcp_listener listen(const endpoint& at, const listen_options& options = {});
  static tcp_listener listen(const endpoint& at, std::error_code& error, const listen_options& options = {});

  /// Waits for a connection. Without a descriptor to be had the error names the limit, and the connection waits; the next
  /// accept then pauses first, 10 ms at first and up to 200, so that a loop that goes on costs little and recovers by itself.
  tcp_stream accept(deadline until = {});
  tcp_stream accept(std::error_code& error, deadline until = {});

  void close() noexcept { handle_.reset(); }
  bool is_open() const noexcept { return static_cast<bool>(handle_); }
  endpoint local_endpoint() const;

 private:
  detail::io_handle handle_;
  std::chrono::nanoseconds pause_{0};  ///< before the next accept
};

template <>
struct message_traits<tcp_stream> {
  static constexpr bool owns_all = true;
};
template <>
struct message_traits<tcp_listener> {
  static constexpr bool owns_all = true;
};

}  // namespace mote
