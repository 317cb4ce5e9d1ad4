// What waits in all mailboxes together, and those mailboxes that it keeps senders out of (bounds.hpp, B7).
//
// waiting_: units of 16 bytes.  first_: an index and 1, linked to others by their entries; 0: nobody is kept out.
// G1  An entry is on the list once at most: who sets its `listed` puts it there; who takes the list clears that, and from then
//     on it may be put there again.
// G2  Who is kept out lists himself, then looks at waiting_ once more; who brings waiting_ back under the budget does so first,
//     then takes the list. Both are changes of one word, so one of the two sees the other (O2).
// O1  keep_out (release) -> let_in (acquire): it sees the link. let_in's `listed` (release) -> the next keep_out (acquire): the link
//     has been read before it is written anew.
// O2  keep_out's look (release) -> unbook (acquire), over whatever others add and take off in between: who goes back under the
//     budget sees the list.
#pragma once

#include "runtime/base/atomic.hpp"

#include <cstdint>

namespace mote::detail {

class budget {
 public:
  /// units: 0: none, nothing is counted.
  explicit budget(std::int64_t units) noexcept : most_(units) {}

  bool is_set() const noexcept { return most_ != 0; }
  bool is_used_up() const noexcept { return is_set() && waiting_.load(relaxed) > most_; }

  void book(std::uint32_t units) noexcept {
    if (is_set()) waiting_.fetch_add(units, relaxed);
  }
  /// True: it has come back under the budget by that, and let_in is wanted.
  bool unbook(std::uint32_t units) noexcept {
    if (!is_set()) return false;
    const std::int64_t before = waiting_.fetch_sub(units, acquire);  // O2
    return before > most_ && before - std::int64_t{units} <= most_;
  }

  /// Of an entry's callers one at a time. Entry: atomic<bool> listed, and next_listed, its place for an index. False: there is
  /// room meanwhile; else somebody's let_in will come to this one.
  template <class Entry>
  bool keep_out(Entry& mine, std::uint32_t index) noexcept {
    if (!mine.listed.exchange(true, acquire)) {  // G1 O1
      std::uint32_t seen = first_.load(relaxed);
      do mine.next_listed = seen;
      while (!first_.compare_exchange_weak(seen, index + 1, release, relaxed));  // O1
    }
    return waiting_.fetch_add(0, release) > most_;  // G2 O2
  }
  /// Takes the list; calls wake(index) for each, which may be listed again by then. entry_at(index): its entry.
  template <class EntryAt, class Wake>
  void let_in(EntryAt&& entry_at, Wake&& wake) noexcept {
    if (first_.load(relaxed) == 0) return;
    for (std::uint32_t each = first_.exchange(0, acquire); each != 0;) {  // O1
      const std::uint32_t index = each - 1;
      auto& entry = entry_at(index);
      each = entry.next_listed;
      entry.listed.store(false, release);  // G1 O1
      wake(index);
    }
  }

 private:
  const std::int64_t most_;
  atomic<std::int64_t> waiting_{0};
  atomic<std::uint32_t> first_{0};
};

}  // namespace mote::detail
