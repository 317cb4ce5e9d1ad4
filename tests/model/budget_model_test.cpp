// The claims of runtime/process/budget.hpp under all short interleavings.
#include <gtest/gtest.h>

#include "runtime/process/budget.hpp"
#include "tests/model/model.hpp"

#include <array>

namespace mote::detail {
namespace {

/// A mailbox's part: its place in the list.
struct entry {
  /// An index whose races are found.
  struct link {
    model::data<std::uint32_t> to;
    link& operator=(std::uint32_t index) {
      to.write(index);
      return *this;
    }
    operator std::uint32_t() const { return to.read(); }
  };
  atomic<bool> listed{false};
  link next_listed;
};

struct mailboxes {
  budget all{10};
  std::array<entry, 2> entries;
  std::array<int, 2> woken{};

  void free(std::uint32_t units) {
    if (!all.unbook(units)) return;
    all.let_in([&](std::uint32_t index) -> entry& { return entries[index]; }, [&](std::uint32_t index) { ++woken[index]; });
  }
};

// G2 O2. Whoever is kept out is let in by the one who makes room, or sees the room.
TEST(budget_model, nobody_is_kept_out_while_there_is_room) {
  model::explore([](model::world& world) {
    mailboxes here;
    here.all.book(12);
    bool first = false, second = false;
    world.together([&] { first = here.all.keep_out(here.entries[0], 0); }, [&] { second = here.all.keep_out(here.entries[1], 1); },
                   [&] { here.free(4); });
    EXPECT_FALSE(here.all.is_used_up());
    EXPECT_TRUE(!first || here.woken[0] == 1);
    EXPECT_TRUE(!second || here.woken[1] == 1);
  });
}

// The same, where two make the room between them, and one of them alone goes back under the budget.
TEST(budget_model, nobody_is_kept_out_while_there_is_room_made_by_two) {
  model::explore([](model::world& world) {
    mailboxes here;
    here.all.book(14);
    bool kept_out = false;
    world.together([&] { kept_out = here.all.keep_out(here.entries[0], 0); }, [&] { here.free(3); }, [&] { here.free(3); });
    EXPECT_TRUE(!kept_out || here.woken[0] == 1);
  });
}

// G1 O1. One that is let in and kept out again at once is on the list once.
TEST(budget_model, who_is_let_in_may_be_kept_out_again) {
  model::explore([](model::world& world) {
    mailboxes here;
    here.all.book(12);
    ASSERT_TRUE(here.all.keep_out(here.entries[1], 1));
    ASSERT_TRUE(here.all.keep_out(here.entries[0], 0));
    bool again = false;
    world.together([&] { here.free(4); },
                   [&] {
                     here.all.book(8);
                     again = here.all.keep_out(here.entries[0], 0);
                   });
    if (!again) return;
    here.free(8);
    EXPECT_GE(here.woken[0], 1);
    EXPECT_EQ(here.woken[1], 1);
  });
}

}  // namespace
}  // namespace mote::detail
