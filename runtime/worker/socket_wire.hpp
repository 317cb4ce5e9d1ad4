// A wire of the machine: packets over a socket, large ones in a sealed file that travels along.
#pragma once

#include "runtime/io/network.hpp"
#include "runtime/worker/wire.hpp"

#include <array>
#include <optional>
#include <vector>

namespace mote::detail {

/// A socket among the descriptors that the runtime's processes wait for.
class watched_socket {
 public:
  /// Throws std::system_error that names the limit.
  watched_socket(network& net, descriptor socket);
  watched_socket(const watched_socket&) = delete;
  watched_socket& operator=(const watched_socket&) = delete;
  ~watched_socket() { net_.close(entry_); }

  packet_result send(std::span<const std::byte> packet, std::span<const int> attached) noexcept;
  packet_result receive(std::span<std::byte> into, std::span<descriptor> attached) noexcept;
  io_entry& entry() noexcept { return entry_; }
  /// From here on events tell, or do not, when it can be written; if so, at once if it can be. False: the system refuses.
  bool tell_of_room(bool told) noexcept;
  void shut_down() noexcept { detail::shut_down(entry_.descriptor); }

 private:
  network& net_;
  io_entry& entry_;
};

class packet_wire {
 public:
  /// Throws std::system_error that names the limit.
  packet_wire(network& net, descriptor socket);
  wire_state write(std::span<const std::byte> packet);
  wire_state read(std::span<const std::byte>& packet);
  watched_socket& socket() noexcept { return socket_; }
  /// Until when nothing is written, since the system had no descriptor or memory left for it; 0: no such thing happened last.
  std::uint64_t pauses_until_ns() const noexcept { return pauses_until_ns_; }

 private:
  int try_to_send(std::span<const std::byte> packet);

  watched_socket socket_;
  std::uint64_t pauses_until_ns_ = 0;
  std::vector<std::byte> buffer_;
  std::optional<sealed_content> large_;  ///< the last packet, if it came in a file
};

/// Waits until the first can be read or written, as far as that is wanted, or its pause is over; the second, if any, can be read;
/// mail has come, or the time is up. May end the process.
void wait_for_sockets(packet_wire& first, bool reading, bool writing, watched_socket* second, std::uint64_t deadline_ns);

/// The end inside of an OS process.
class near_wire final : public wire {
 public:
  near_wire(network& net, descriptor socket) : packets_(net, std::move(socket)) {}
  wire_state write(std::span<const std::byte> packet) override { return packets_.write(packet); }
  wire_state write_now(std::span<const std::byte> packet) noexcept override;
  wire_state read(std::span<const std::byte>& packet) override { return packets_.read(packet); }
  void wait(bool reading, bool writing, std::uint64_t deadline_ns) override {
    wait_for_sockets(packets_, reading, writing, nullptr, deadline_ns);
  }

 private:
  packet_wire packets_;
};

/// Packets larger than this go by file.
inline constexpr std::size_t most_packet_bytes = 64 * 1024;

/// What a process's pulse is kept in: the start of a page shared by both.
struct pulse_page {
  std::atomic<std::uint64_t> beats;
};

}  // namespace mote::detail
