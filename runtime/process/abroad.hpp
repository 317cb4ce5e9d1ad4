// Processes of other OS processes, as far as the process layer needs to know of them. What knows the way implements this
// (runtime/worker); a runtime that has started no isolated process, and is none, has nothing here.
//
// A family is a runtime and the isolated processes it has started. Each of these is a runtime too, whose place is made of
// the family's, in the upper half, and a serial number, never 0; the isolated process itself is its first: index 0,
// generation 1. In its family's runtime a process of its own stands for it, which has another pid that nobody sees.
//
// A process of another place has a key here, as those of the table have; it is told by the index's top bit:
//   serial, 11                the isolated process of that serial
//   generation, 10, index     a process of the family's runtime, as seen from an isolated one
// Processes inside of others' OS processes have none: messages reach them, ties do not.
#pragma once

#include "runtime/process/process.hpp"

#include <mote/detail/envelope.hpp>
#include <mote/pid.hpp>

#include <cstdint>

namespace mote::detail {

inline constexpr std::uint64_t foreign_bit = 1ull << 31;
inline constexpr std::uint64_t isolated_bit = 1ull << 30;

constexpr bool is_foreign(std::uint64_t key) noexcept { return (key & foreign_bit) != 0; }

/// The place of the runtime that a place's family belongs to.
constexpr std::uint64_t family_of(std::uint64_t place) noexcept { return place >> 32 != 0 ? place >> 32 : place; }
constexpr std::uint64_t isolated_place(std::uint64_t family, std::uint32_t serial) noexcept { return family << 32 | serial; }
constexpr std::uint32_t serial_of(std::uint64_t place) noexcept {
  return place >> 32 != 0 ? static_cast<std::uint32_t>(place) : 0;
}
/// The isolated process of that place.
constexpr pid isolated_pid(std::uint64_t place) noexcept { return pid(place, 0, 1); }

/// The key of a process of another place than `own`; 0 when it has none.
constexpr std::uint64_t foreign_key(std::uint64_t own, pid who) noexcept {
  const std::uint64_t family = family_of(own);
  if (who.place() == family) return key_of(who) | foreign_bit;
  if (who == isolated_pid(who.place()) && who.place() >> 32 == family) {
    return std::uint64_t{serial_of(who.place())} << 32 | foreign_bit | isolated_bit;
  }
  return 0;
}
constexpr pid foreign_pid(std::uint64_t own, std::uint64_t key) noexcept {
  const std::uint64_t family = family_of(own);
  const auto upper = static_cast<std::uint32_t>(key >> 32);
  if ((key & isolated_bit) != 0) return isolated_pid(isolated_place(family, upper));
  return pid(family, static_cast<std::uint32_t>(key & ~foreign_bit), upper);
}

class abroad {
 public:
  struct forwarded {
    std::uint64_t to_key = 0;  ///< of a process of this runtime that takes it there
    envelope* mail = nullptr;  ///< for that one; null: see gone
    bool gone = false;         ///< it is on its way already; else, without mail, there is no way there
  };
  /// Whether mail may leave at once, or is only to be made ready for later.
  enum class moment { now, later };

  abroad() = default;
  abroad(const abroad&) = delete;
  abroad& operator=(const abroad&) = delete;
  virtual ~abroad() = default;

  /// Takes mail for a process of another place, and gives it back in the form in which somebody here takes it there. Throws
  /// usage_error that names the type, when it cannot cross. Any thread.
  virtual forwarded forward(pid to, envelope_ptr mail, moment when) = 0;
  /// Whether everybody has been told of its end. Any thread.
  virtual bool has_ended(std::uint64_t foreign_key) const noexcept = 0;
  /// The process here that stands for that one; 0: none.
  virtual std::uint64_t stand_in_for(pid who) const noexcept = 0;
  /// The pid of which the process of this key is the stand-in.
  virtual pid stood_for(std::uint64_t key) const noexcept = 0;
};

}  // namespace mote::detail
