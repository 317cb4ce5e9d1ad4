// Names of processes, and of things that belong to one: pids, references, aliases. All are plain values: copy them, send
// them, compare them, keep them for ever. None of them keeps a process alive.
#pragma once

#include <mote/message_traits.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

namespace mote {

/// Names one process for ever: no later process gets the same pid, in this runtime or in another. 16 bytes.
/// Printed and parsed as `<place.index.generation>`. A default-made pid names nobody.
class pid {
 public:
  constexpr pid() noexcept = default;
  constexpr pid(std::uint64_t place, std::uint32_t index, std::uint32_t generation) noexcept
      : place_(place), index_(index), generation_(generation) {}

  /// Which runtime the process lives in: a number that no other runtime of this OS process has had.
  constexpr std::uint64_t place() const noexcept { return place_; }
  constexpr std::uint32_t index() const noexcept { return index_; }
  constexpr std::uint32_t generation() const noexcept { return generation_; }
  /// Whether this names a process at all, alive or not.
  constexpr explicit operator bool() const noexcept { return generation_ != 0; }

  friend constexpr auto operator<=>(const pid&, const pid&) noexcept = default;

 private:
  std::uint64_t place_ = 0;
  std::uint32_t index_ = 0;
  std::uint32_t generation_ = 0;
};
static_assert(sizeof(pid) == 16);

/// Names one monitor, or one request, of one process. Unique within its runtime.
class ref {
 public:
  constexpr ref() noexcept = default;
  constexpr ref(std::uint64_t number, std::uint32_t slot) noexcept : number_(number), slot_(slot) {}
  constexpr std::uint64_t number() const noexcept { return number_; }
  constexpr std::uint32_t slot() const noexcept { return slot_; }
  constexpr explicit operator bool() const noexcept { return number_ != 0; }
  friend constexpr auto operator<=>(const ref&, const ref&) noexcept = default;

 private:
  std::uint64_t number_ = 0;
  std::uint32_t slot_ = 0;
};

/// A second address of a process, which its owner can withdraw: what is sent to it afterwards vanishes. As Erlang's alias.
class alias {
 public:
  constexpr alias() noexcept = default;
  constexpr alias(pid owner, ref name) noexcept : owner_(owner), name_(name) {}
  constexpr pid owner() const noexcept { return owner_; }
  constexpr ref name() const noexcept { return name_; }
  constexpr explicit operator bool() const noexcept { return static_cast<bool>(name_); }
  friend constexpr auto operator<=>(const alias&, const alias&) noexcept = default;

 private:
  pid owner_;
  ref name_;
};

/// "<place.index.generation>", in decimal.
std::string to_string(pid who);
std::string to_string(ref which);
/// The pid that to_string printed; nullopt for any other text.
std::optional<pid> parse_pid(std::string_view text) noexcept;
std::ostream& operator<<(std::ostream& out, pid who);
std::ostream& operator<<(std::ostream& out, ref which);

template <>
struct message_traits<pid> {
  static constexpr bool owns_all = true;
  static void encode(const pid& value, encoder& out);
  static pid decode(decoder& in);
};
template <>
struct message_traits<ref> {
  static constexpr bool owns_all = true;
  static void encode(const ref& value, encoder& out);
  static ref decode(decoder& in);
};
template <>
struct message_traits<alias> {
  static constexpr bool owns_all = true;
  static void encode(const alias& value, encoder& out);
  static alias decode(decoder& in);
};

}  // namespace mote

template <>
struct std::hash<mote::pid> {
  std::size_t operator()(const mote::pid& who) const noexcept {
    // A program's own place, which is another in each run, counts for nothing: a container keeps its order from run to run.
    const std::uint64_t place = who.place() >> 32 != 0 ? who.place() : 0;
    const std::uint64_t mixed = (place << 48) ^ (std::uint64_t{who.generation()} << 32) ^ who.index();
    return static_cast<std::size_t>(mixed * 0x9E3779B97F4A7C15u >> 7);
  }
};

template <>
struct std::hash<mote::ref> {
  std::size_t operator()(const mote::ref& which) const noexcept {
    return static_cast<std::size_t>(which.number() * 0x9E3779B97F4A7C15u >> 7);
  }
};
