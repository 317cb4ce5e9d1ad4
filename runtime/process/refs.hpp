// What a process has handed out names for: aliases, monitors, requests. An envelope that carries such a name finds its entry
// by slot in constant time, and vanishes when the entry is gone or has another number.
#pragma once

#include "runtime/base/id_map.hpp"
#include "runtime/os/peek.hpp"

#include <mote/detail/envelope.hpp>
#include <mote/error.hpp>
#include <mote/pid.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace mote::detail {

enum class ref_kind : std::uint8_t { free, alias, alias_once, monitor, request };

struct ref_entry {
  std::uint64_t number = 0;
  std::uint64_t peer_key = 0;  ///< whom a monitor or request concerns
  envelope_ptr answer;         ///< of a request: what came, the reply or a `down`
  ref_kind kind = ref_kind::free;
  std::uint32_t next_free = 0;
};

/// A request taken from the mailbox and not answered yet.
struct open_request {
  std::uint64_t asker_key = 0;
  ref request;
};

/// Owner only.
class ref_table {
 public:
  /// Throws std::bad_alloc, and system_limit when an envelope has no room for another slot's number.
  ref add(ref_kind kind, std::uint64_t number, std::uint64_t peer_key);
  /// The entry, if it is still in force.
  ref_entry* find(ref which) noexcept {
    if (which.slot() >= entries_.size()) return nullptr;
    ref_entry& entry = entries_[which.slot()];
    return entry.number == which.number() && entry.kind != ref_kind::free ? &entry : nullptr;
  }
  void remove(ref which) noexcept;
  /// Requests that the process owes an answer, by number.
  id_map<open_request> owed;

  template <class Function>
  void for_each(Function&& function) {
    for (std::uint32_t slot = 0; slot < entries_.size(); ++slot) {
      if (entries_[slot].kind != ref_kind::free) function(ref(entries_[slot].number, slot), entries_[slot]);
    }
  }
  /// For a copy of a table's bytes while its owner may change it: calls function(entry) for up to `most`.
  template <class Function>
  void glimpse(Function&& function, std::size_t most) const {
    peek_each(entries_.data(), entries_.size(), most, function);
  }

 private:
  static constexpr std::uint32_t none = ~0u;
  static constexpr std::uint32_t most_slot = 0xFFFFFF;  // envelope::slot
  std::vector<ref_entry> entries_;
  std::uint32_t first_free_ = none;
};

inline ref ref_table::add(ref_kind kind, std::uint64_t number, std::uint64_t peer_key) {
  std::uint32_t slot = first_free_;
  if (slot == none) {
    slot = static_cast<std::uint32_t>(entries_.size());
    if (slot > most_slot) {
      throw system_limit(std::errc::value_too_large, "a process has " + std::to_string(slot) +
                                                         " monitors, requests and aliases, and can have no more");
    }
    entries_.emplace_back();
  } else {
    first_free_ = entries_[slot].next_free;
  }
  ref_entry& entry = entries_[slot];
  entry.number = number;
  entry.peer_key = peer_key;
  entry.kind = kind;
  return ref(number, slot);
}

inline void ref_table::remove(ref which) noexcept {
  ref_entry& entry = entries_[which.slot()];
  entry.kind = ref_kind::free;
  entry.number = 0;
  entry.answer.reset();
  entry.next_free = first_free_;
  first_free_ = which.slot();
}

}  // namespace mote::detail
