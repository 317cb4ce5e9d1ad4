// The memory model of the checker: what C++ allows is found, what it forbids is not.
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <utility>

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

using outcome = std::pair<int, int>;

/// All (r1, r2) that a test of two threads can end with.
template <class Test>
std::set<outcome> outcomes(Test test) {
  std::set<outcome> all;
  const result found = search([&](world& here) { all.insert(test(here)); }, few);
  EXPECT_FALSE(found.failed) << found.report;
  EXPECT_TRUE(found.complete);
  return all;
}

std::set<outcome> store_buffering(std::memory_order store, std::memory_order load, bool fences) {
  return outcomes([=](world& here) {
    atomic<int> x{0}, y{0};
    int r1 = 0, r2 = 0;
    const auto one = [=](atomic<int>& mine, atomic<int>& other, int& seen) {
      mine.store(1, store);
      if (fences) fence(seq_cst);
      seen = other.load(load);
    };
    here.together([&] { one(x, y, r1); }, [&] { one(y, x, r2); });
    return outcome{r1, r2};
  });
}

TEST(memory_model, store_buffering_lets_both_threads_read_old_values) {
  EXPECT_EQ(store_buffering(relaxed, relaxed, false).size(), 4u);
  EXPECT_TRUE(store_buffering(release, acquire, false).contains({0, 0}));
}

TEST(memory_model, seq_cst_operations_or_fences_forbid_store_buffering) {
  const std::set<outcome> others{{0, 1}, {1, 0}, {1, 1}};
  EXPECT_EQ(store_buffering(seq_cst, seq_cst, false), others);
  EXPECT_EQ(store_buffering(relaxed, relaxed, true), others);
}

TEST(memory_model, one_seq_cst_fence_of_two_is_not_enough) {
  const auto all = outcomes([](world& here) {
    atomic<int> x{0}, y{0};
    int r1 = 0, r2 = 0;
    here.together(
        [&] {
          x.store(1, relaxed);
          fence(seq_cst);
          r1 = y.load(relaxed);
        },
        [&] {
          y.store(1, relaxed);
          r2 = x.load(relaxed);
        });
    return outcome{r1, r2};
  });
  EXPECT_TRUE(all.contains({0, 0}));
}

/// The flag and the message it announces, as (flag seen, message seen).
std::set<outcome> message_passing(std::memory_order store, std::memory_order load, bool fences) {
  return outcomes([=](world& here) {
    atomic<int> message{0}, flag{0};
    int r1 = 0, r2 = 0;
    here.together(
        [&] {
          message.store(1, relaxed);
          if (fences) fence(release);
          flag.store(1, store);
        },
        [&] {
          r1 = flag.load(load);
          if (fences) fence(acquire);
          r2 = message.load(relaxed);
        });
    return outcome{r1, r2};
  });
}

TEST(memory_model, message_passing_needs_release_and_acquire) {
  EXPECT_TRUE(message_passing(relaxed, relaxed, false).contains({1, 0}));
  EXPECT_TRUE(message_passing(release, relaxed, false).contains({1, 0}));
  EXPECT_TRUE(message_passing(relaxed, acquire, false).contains({1, 0}));
  EXPECT_FALSE(message_passing(release, acquire, false).contains({1, 0}));
  EXPECT_FALSE(message_passing(relaxed, relaxed, true).contains({1, 0}));
}

// Independent reads of independent writes, as (first reader saw x new, y old; second saw y new, x old).
std::set<outcome> independent_reads(std::memory_order store, std::memory_order load) {
  return outcomes([=](world& here) {
    atomic<int> x{0}, y{0};
    std::array<int, 4> r{};
    here.together([&] { x.store(1, store); }, [&] { y.store(1, store); },
                  [&] {
                    r[0] = x.load(load);
                    r[1] = y.load(load);
                  },
                  [&] {
                    r[2] = y.load(load);
                    r[3] = x.load(load);
                  });
    return outcome{r[0] == 1 && r[1] == 0, r[2] == 1 && r[3] == 0};
  });
}

TEST(memory_model, two_readers_may_disagree_on_the_order_of_two_writers_unless_seq_cst) {
  EXPECT_TRUE(independent_reads(release, acquire).contains({1, 1}));
  EXPECT_FALSE(independent_reads(seq_cst, seq_cst).contains({1, 1}));
}

TEST(memory_model, one_atomic_never_goes_back_for_a_reader) {
  const auto all = outcomes([](world& here) {
    atomic<int> x{0};
    int r1 = 0, r2 = 0;
    here.together(
        [&] {
          x.store(1, relaxed);
          x.store(2, relaxed);
        },
        [&] {
          r1 = x.load(relaxed);
          r2 = x.load(relaxed);
        });
    return outcome{r1, r2};
  });
  EXPECT_EQ(all, (std::set<outcome>{{0, 0}, {0, 1}, {0, 2}, {1, 1}, {1, 2}, {2, 2}}));
}

TEST(memory_model, a_read_modify_write_carries_a_release_on_and_a_store_does_not) {
  const auto through = [](bool by_store) {
    return search(
        [=](world& here) {
          data<int> message;
          atomic<int> flag{0};
          here.together(
              [&] {
                message.write(1);
                flag.store(1, release);
              },
              [&] {
                if (flag.load(relaxed) != 1) return;
                if (by_store) flag.store(2, relaxed);
                if (!by_store) flag.fetch_add(1, relaxed);
              },
              [&] {
                if (flag.load(acquire) == 2) message.read();
              });
        },
        few);
  };
  EXPECT_FALSE(through(false).failed);
  EXPECT_TRUE(through(true).failed);
}

// A seq_cst fence orders atomics only: it makes no plain data visible by itself.
TEST(memory_model, seq_cst_fences_alone_order_no_plain_data) {
  const result found = search(
      [](world& here) {
        data<int> message;
        atomic<int> flag{0};
        here.together(
            [&] {
              message.write(1);
              fence(seq_cst);
            },
            [&] {
              fence(seq_cst);
              message.read();
              flag.store(1, relaxed);
            });
      },
      few);
  EXPECT_TRUE(found.failed);
}

TEST(memory_model, the_halves_of_a_pair_may_be_of_two_states_but_a_compare_exchange_is_whole) {
  bool mixed = false;
  const result found = search(
      [&](world& here) {
        atomic_pair pair(word_pair{0, 0});
        here.together(
            [&] {
              word_pair old{0, 0};
              pair.compare_exchange(old, {1, 1}, acq_rel, relaxed);
            },
            [&] {
              word_pair seen = pair.load_halves(relaxed);
              mixed = mixed || seen.low != seen.high;
              const word_pair before = seen;
              const bool done = pair.compare_exchange(seen, {2, 2}, acq_rel, relaxed);
              here.check(!done || before.low == before.high, "replaced a mix");
              here.check(seen.low == seen.high || done, "saw a mix");
            });
      },
      few);
  EXPECT_FALSE(found.failed) << found.report;
  EXPECT_TRUE(mixed);
}

TEST(memory_model, a_weak_compare_exchange_may_fail_for_no_reason_and_a_strong_one_not) {
  bool weak_failed = false;
  bool strong_failed = false;
  search(
      [&](world& here) {
        atomic<int> x{0};
        here.together([&] {
          int none = 0;
          weak_failed |= !x.compare_exchange_weak(none, 1, relaxed);
          none = x.load(relaxed);
          strong_failed |= !x.compare_exchange_strong(none, 2, relaxed);
        });
      },
      few);
  EXPECT_TRUE(weak_failed);
  EXPECT_FALSE(strong_failed);
}

}  // namespace
}  // namespace mote::model
