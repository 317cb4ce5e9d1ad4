// The checker: it finds planted bugs of each kind, and passes the same code when it is right.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "tests/model/model.hpp"

namespace mote::model {
namespace {

using mote::detail::acq_rel;
using mote::detail::acquire;
using mote::detail::atomic;
using mote::detail::atomic_pair;
using mote::detail::fence;
using mote::detail::relaxed;
using mote::detail::release;
using mote::detail::seq_cst;
using mote::detail::spin_pause;
using mote::detail::word_pair;

constexpr options few{.random_runs = 2000};

TEST(model_checker, finds_a_data_race_behind_a_relaxed_flag_and_none_behind_a_releasing_one) {
  const auto run = [](std::memory_order store, std::memory_order load) {
    return search(
        [=](world& here) {
          data<int> message;
          atomic<bool> flag{false};
          here.together(
              [&] {
                message.write(7);
                flag.store(true, store);
              },
              [&] {
                while (!flag.load(load)) spin_pause();
                here.check(message.read() == 7, "the message is there");
              });
        },
        few);
  };
  const result good = run(release, acquire);
  EXPECT_FALSE(good.failed) << good.report;
  for (const result& bad : {run(relaxed, acquire), run(release, relaxed)}) {
    EXPECT_TRUE(bad.failed);
    EXPECT_NE(bad.report.find("data race"), std::string::npos) << bad.report;
    EXPECT_NE(bad.report.find("MOTE_MODEL_REPLAY="), std::string::npos) << bad.report;
  }
}

// Park: announce, fence, look again. Submit: push, fence, look for sleepers.
result park_and_submit(bool fences) {
  return search(
      [=](world& here) {
        atomic<bool> work{false}, asleep{false};
        parker bed;
        here.together(
            [&] {
              asleep.store(true, relaxed);
              if (fences) fence(seq_cst);
              if (!work.load(relaxed)) bed.park();
            },
            [&] {
              work.store(true, relaxed);
              if (fences) fence(seq_cst);
              if (asleep.load(relaxed)) bed.unpark();
            });
      },
      few);
}

TEST(model_checker, finds_the_wake_up_lost_without_fences) {
  const result bad = park_and_submit(false);
  EXPECT_TRUE(bad.failed);
  EXPECT_NE(bad.report.find("lost wake-up"), std::string::npos) << bad.report;
  const result good = park_and_submit(true);
  EXPECT_FALSE(good.failed) << good.report;
  EXPECT_TRUE(good.complete);
}

struct node {
  node* next = nullptr;
};

/// A stack whose pop reads next before its CAS. With a tag beside the head, or without.
struct careless_stack {
  explicit careless_stack(bool with_tag) : tagged(with_tag) {}
  void push(node* fresh) {
    word_pair seen = head.load_halves(relaxed);
    do fresh->next = reinterpret_cast<node*>(seen.low);
    while (!head.compare_exchange(seen, {reinterpret_cast<std::uint64_t>(fresh), next_tag(seen)}, acq_rel, acquire));
  }
  node* pop() {
    word_pair seen = head.load_halves(acquire);
    for (;;) {
      node* const top = reinterpret_cast<node*>(seen.low);
      if (top == nullptr) return nullptr;
      const word_pair rest{reinterpret_cast<std::uint64_t>(top->next), next_tag(seen)};
      if (head.compare_exchange(seen, rest, acq_rel, acquire)) return top;
    }
  }
  std::uint64_t next_tag(word_pair seen) const { return tagged ? seen.high + 1 : 0; }
  bool tagged;
  atomic_pair head;
};

result pop_against_pop_pop_push(bool tagged) {
  return search(
      [=](world& here) {
        node a, b;
        careless_stack stack(tagged);
        stack.push(&b);
        stack.push(&a);
        node* mine = nullptr;
        node* theirs = nullptr;
        here.together([&] { mine = stack.pop(); },
                      [&] {
                        node* const first = stack.pop();
                        theirs = stack.pop();
                        if (first != nullptr) stack.push(first);
                      });
        node* left = reinterpret_cast<node*>(stack.head.low(relaxed));
        for (; left != nullptr; left = left->next)
          here.check(left != mine && left != theirs, "a node is in the stack and taken");
      },
      few);
}

TEST(model_checker, finds_aba_and_not_where_a_tag_prevents_it) {
  EXPECT_TRUE(pop_against_pop_pop_push(false).failed);
  const result good = pop_against_pop_pop_push(true);
  EXPECT_FALSE(good.failed) << good.report;
}

/// Two owners of a counted object; the last one ends it.
result last_owner_ends_it(std::memory_order drop) {
  return search(
      [=](world& here) {
        atomic<int> owners{2};
        auto* const shared = new data<int>(1);
        const auto let_go = [&] {
          shared->read();
          if (owners.fetch_sub(1, drop) == 1) delete shared;
        };
        here.together(let_go, let_go);
      },
      few);
}

TEST(model_checker, finds_that_the_last_owner_must_see_what_the_others_did) {
  EXPECT_FALSE(last_owner_ends_it(acq_rel).failed);
  EXPECT_TRUE(last_owner_ends_it(relaxed).failed);
}

TEST(model_checker, a_spin_on_what_never_comes_is_a_deadlock) {
  const result found = search(
      [](world& here) {
        atomic<bool> flag{false};
        here.together(
            [&] {
              while (!flag.load(acquire)) spin_pause();
            },
            [&] { flag.load(relaxed); });
      },
      few);
  EXPECT_TRUE(found.failed);
  EXPECT_NE(found.report.find("deadlock"), std::string::npos) << found.report;
}

// A load that may, by the language, take effect after its thread's later store: reported on demand, since it cannot
// be run.
TEST(model_checker, reports_a_slot_that_is_given_back_before_it_is_read_for_sure) {
  const auto run = [](std::memory_order give_back) {
    options how = few;
    how.reordered_loads = true;
    return search(
        [=](world& here) {
          atomic<int> slot{1}, free{0};
          here.together(
              [&] {
                slot.load(relaxed);
                free.store(1, give_back);
              },
              [&] {
                if (free.load(acquire) == 1) slot.store(2, relaxed);
              });
        },
        how);
  };
  EXPECT_TRUE(run(relaxed).failed);
  EXPECT_FALSE(run(release).failed);
}

TEST(model_checker, a_report_can_be_replayed) {
  const result first = park_and_submit(false);
  const std::size_t list = first.report.find("MOTE_MODEL_REPLAY=") + 18;
  setenv("MOTE_MODEL_REPLAY", first.report.substr(list, first.report.size() - list - 1).c_str(), 1);
  const result again = park_and_submit(false);
  unsetenv("MOTE_MODEL_REPLAY");
  EXPECT_TRUE(again.failed);
  EXPECT_EQ(again.runs, 0u);
  EXPECT_EQ(again.report.substr(0, again.report.find("found")), first.report.substr(0, first.report.find("found")));
}

}  // namespace
}  // namespace mote::model
