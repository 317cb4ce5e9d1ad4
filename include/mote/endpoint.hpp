// Where a socket is: an address of IPv4 or IPv6, and a port. Values without a name in them; names are resolved by
// resolve() and connect() of <mote/net.hpp>.
#pragma once

#include <mote/message_traits.hpp>

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mote {

/// An address of IPv4 or IPv6. Any thread.
class ip_address {
 public:
  /// 0.0.0.0: all of this machine's IPv4 addresses.
  constexpr ip_address() noexcept = default;
  static constexpr ip_address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) noexcept {
    ip_address made;
    made.bytes_ = {a, b, c, d};
    return made;
  }
  /// scope  the interface's index, for a link-local address.
  static constexpr ip_address v6(const std::array<std::uint8_t, 16>& bytes, std::uint32_t scope = 0) noexcept {
    ip_address made;
    made.bytes_ = bytes;
    made.scope_ = scope;
    made.is_v6_ = true;
    return made;
  }
  static constexpr ip_address any_v4() noexcept { return {}; }
  static constexpr ip_address loopback_v4() noexcept { return v4(127, 0, 0, 1); }
  /// ::, all addresses of this machine; a listener there takes IPv4 as well, unless told not to.
  static constexpr ip_address any_v6() noexcept { return v6({}); }
  static constexpr ip_address loopback_v6() noexcept { return v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}); }
  /// "127.0.0.1" or "::1", without brackets, scope or port.
  static std::optional<ip_address> parse(std::string_view text);

  bool is_v6() const noexcept { return is_v6_; }
  /// In network order; of IPv4, the first four.
  const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  std::uint32_t scope() const noexcept { return scope_; }

  friend bool operator==(const ip_address&, const ip_address&) noexcept = default;
  friend auto operator<=>(const ip_address&, const ip_address&) noexcept = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  std::uint32_t scope_ = 0;
  bool is_v6_ = false;
};
std::string to_string(const ip_address& address);

/// An address and a port. Any thread.
struct endpoint {
  ip_address address{};
  std::uint16_t port = 0;  ///< 0, for a listener: the system chooses one

  /// "127.0.0.1:80" or "[::1]:80".
  static std::optional<endpoint> parse(std::string_view text);

  friend bool operator==(const endpoint&, const endpoint&) noexcept = default;
  friend auto operator<=>(const endpoint&, const endpoint&) noexcept = default;
};
std::string to_string(const endpoint& where);

template <>
struct message_traits<ip_address> {
  static constexpr bool owns_all = true;
};

}  // namespace mote
