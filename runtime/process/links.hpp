// The links of one process. Most processes are linked to the one that made them, and to those they made, and end without a
// link ever being looked up: so new links are only written down, and sorted into a table when somebody asks.
#pragma once

#include "runtime/base/id_map.hpp"
#include "runtime/base/relaxed.hpp"
#include "runtime/os/peek.hpp"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <vector>

namespace mote::detail {

/// By the other's key. Owner only, but for size().
class link_set {
 public:
  static constexpr std::uint32_t in_force = 1;    ///< of an entry's state; above it: unlinks not yet acknowledged
  static constexpr std::uint32_t one_unlink = 2;

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }

  /// A link in force to somebody who has none here. Before memory is taken for more, the entries of those go who have ended
  /// without a word. ended(key): whether that process has told everyone of its end; then hear() takes what has been told,
  /// which may change this set. Throws std::bad_alloc.
  template <class Ended, class Hear>
  void add_new(std::uint64_t key, Ended&& ended, Hear&& hear) {
    if (first_ == 0) {
      first_ = key;
    } else {
      if (recent_ == nullptr) recent_ = std::make_unique<std::vector<std::uint64_t>>();
      if (recent_->size() == recent_->capacity()) make_room(ended, hear);
      recent_->push_back(key);
    }
    size_.add(1);
  }
  /// The state of the link to `key`, made 0 if there was none. Throws std::bad_alloc.
  std::uint32_t& insert(std::uint64_t key) {
    if (std::uint32_t* known = find(key)) return *known;
    std::uint32_t& made = table().insert(key);
    size_.add(1);
    return made;
  }
  /// Nullptr when there is none. Throws std::bad_alloc.
  std::uint32_t* find(std::uint64_t key) {
    if (size_ == 0) return nullptr;
    sort();
    return table().find(key);
  }
  bool erase(std::uint64_t key) {
    if (first_ == key) {
      first_ = 0;
      size_.subtract(1);
      return true;
    }
    if (find(key) == nullptr) return false;
    table_->erase(key);
    size_.subtract(1);
    return true;
  }
  /// Ends the link to `key`; false when none was in force.
  bool take(std::uint64_t key) {
    if (first_ == key) return erase(key);
    const std::uint32_t* const known = find(key);
    return known != nullptr && (*known & in_force) != 0 && erase(key);
  }
  /// Calls function(key) for each link in force. The function must not change the set.
  template <class Function>
  void for_each(Function&& function) {
    if (first_ != 0) function(first_);
    if (recent_ != nullptr) {
      for (const std::uint64_t key : *recent_) function(key);
    }
    if (table_ == nullptr) return;
    table_->for_each([&](std::uint64_t key, std::uint32_t state) {
      if ((state & in_force) != 0) function(key);
    });
  }
  /// Calls function(key) for each link in force, and takes it out of force as soon as that returns: after a throw, the next
  /// call goes on with the one at which it came. The set is fit for clear() only. The function must not change the set.
  template <class Function>
  void tell_each(Function&& function) {
    if (first_ != 0) function(first_);
    first_ = 0;
    while (recent_ != nullptr && !recent_->empty()) {
      function(recent_->back());
      recent_->pop_back();
    }
    if (table_ == nullptr) return;
    table_->for_each([&](std::uint64_t key, std::uint32_t& state) {
      if ((state & in_force) != 0) function(key);
      state &= ~in_force;
    });
  }
  /// For a copy of a set's bytes while its owner may change it: calls function(key) for up to `most` links in force.
  template <class Function>
  void glimpse(Function&& function, std::size_t most) const {
    if (first_ != 0) function(first_);
    image<std::vector<std::uint64_t>> recent;
    if (recent.take(recent_.get())) peek_each(recent->data(), recent->size(), most, function);
    image<id_map<std::uint32_t>> table;
    if (!table.take(table_.get())) return;
    table->glimpse([most](const auto* first, std::size_t count, auto&& tell) { peek_each(first, count, most, tell); },
                   [&](std::uint64_t key, std::uint32_t state) {
                     if ((state & in_force) != 0) function(key);
                   });
  }
  void clear() noexcept {
    first_ = 0;
    if (recent_ != nullptr) recent_.reset();
    if (table_ != nullptr) table_.reset();
    size_ = 0;
  }

 private:
  static constexpr std::size_t least_room = 15;

  id_map<std::uint32_t>& table() {
    if (table_ == nullptr) table_ = std::make_unique<id_map<std::uint32_t>>();
    return *table_;
  }
  void sort() {
    if (first_ != 0) {
      table().insert(first_) = in_force;
      first_ = 0;
    }
    if (recent_ == nullptr) return;
    while (!recent_->empty()) {
      table().insert(recent_->back()) = in_force;
      recent_->pop_back();
    }
  }
  template <class Ended, class Hear>
  void make_room(Ended& ended, Hear& hear) {
    std::vector<std::uint64_t> gone;
    gone.reserve(recent_->size());
    std::copy_if(recent_->begin(), recent_->end(), std::back_inserter(gone), ended);
    if (!gone.empty()) hear();
    if (recent_->empty()) {  // sorted meanwhile
      for (const std::uint64_t key : gone) erase(key);
    } else {
      auto next = gone.begin();  // in the order of recent_
      std::erase_if(*recent_, [&](std::uint64_t key) {
        if (next == gone.end() || key != *next) return false;
        ++next;
        return true;
      });
      size_.subtract(static_cast<std::uint32_t>(gone.size()));
    }
    if (4 * recent_->size() >= recent_->capacity()) recent_->reserve(std::max(least_room, 2 * recent_->capacity()));
  }

  std::uint64_t first_ = 0;  // one link in force, often the only one
  std::unique_ptr<std::vector<std::uint64_t>> recent_;
  std::unique_ptr<id_map<std::uint32_t>> table_;
  relaxed_cell<std::uint32_t> size_ = 0;
};

}  // namespace mote::detail
