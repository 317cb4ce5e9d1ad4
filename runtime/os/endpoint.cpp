// Addresses to text and back.
#include <mote/endpoint.hpp>

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace mote {

std::optional<ip_address> ip_address::parse(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof terminated) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';
  std::array<std::uint8_t, 16> bytes{};
  if (inet_pton(AF_INET, terminated, bytes.data()) == 1) return v4(bytes[0], bytes[1], bytes[2], bytes[3]);
  if (inet_pton(AF_INET6, terminated, bytes.data()) == 1) return v6(bytes);
  return std::nullopt;
}

std::string to_string(const ip_address& address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(address.is_v6() ? AF_INET6 : AF_INET, address.bytes().data(), text, sizeof text);
  return text;
}

std::optional<endpoint> endpoint::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const std::optional<ip_address> address = ip_address::parse(host);
  if (!address || address->is_v6() != bracketed) return std::nullopt;
  const char* const end = text.data() + text.size();
  std::uint16_t port = 0;
  const auto [stop, error] = std::from_chars(text.data() + colon + 1, end, port);
  if (error != std::errc() || stop != end) return std::nullopt;
  return endpoint{*address, port};
}

std::string to_string(const endpoint& where) {
  const std::string address = to_string(where.address);
  return (where.address.is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(where.port);
}

}  // namespace mote
