// The claims of runtime/io/readiness.hpp under all short interleavings; a loop on a flag stands for the process's sleep.
#include <gtest/gtest.h>

#include "runtime/io/readiness.hpp"
#include "tests/model/model.hpp"

namespace mote::detail {
namespace {

constexpr std::uint64_t reader_key = 7;
constexpr io_event readable{true, false, false};

/// What the kernel holds, and the process's sleep.
struct peer {
  readiness known;
  atomic<int> arrived{0};
  atomic<int> nudged{0};

  void send() {
    arrived.store(1, release);
    if (known.deliver(1, readable).keys[0] == reader_key) nudged.store(1, release);
  }
};

// R1 R2. The owner looks, finds nothing and waits while the event comes: whatever the interleaving, it finds what arrived.
TEST(readiness_model, no_event_is_lost_between_an_attempt_and_the_wait) {
  model::explore([](model::world& world) {
    peer other;
    world.together(
        [&] {
          for (;;) {
            other.known.prepare(io_side::read);
            if (other.arrived.load(acquire) != 0) return;
            if (other.known.begin_wait(io_side::read, reader_key)) {
              while (!other.known.is_ready(io_side::read)) {
                while (other.nudged.load(acquire) == 0) spin_pause();
              }
              other.known.end_wait(io_side::read);
            }
          }
        },
        [&] { other.send(); });
  });
}

// R2. An event and a process that gives up: one of them takes the wait away, and afterwards nobody waits.
TEST(readiness_model, a_wait_that_ends_owes_nothing) {
  model::explore([](model::world& world) {
    readiness known;
    ASSERT_TRUE(known.begin_wait(io_side::read, reader_key));
    world.together([&] { known.end_wait(io_side::read); }, [&] { static_cast<void>(known.deliver(1, readable)); });
    EXPECT_TRUE(known.is_ready(io_side::read));
    EXPECT_EQ(known.deliver(1, readable).keys[0], 0u);
  });
}

// R3. The event of the last owner comes while the entry goes to the next one, who waits: it wakes nobody and changes nothing.
TEST(readiness_model, an_earlier_owners_event_does_not_reach_the_next_one) {
  model::explore([](model::world& world) {
    readiness known;
    io_waiters woken;
    world.together(
        [&] {
          known.next_generation();
          EXPECT_TRUE(known.begin_wait(io_side::read, reader_key));
        },
        [&] { woken = known.deliver(1, readable); });
    EXPECT_EQ(woken.keys[0], 0u);
    EXPECT_FALSE(known.is_ready(io_side::read));
    EXPECT_EQ(known.deliver(2, readable).keys[0], reader_key);
  });
}

// O2. Who takes a wait away reads the key that was written for it, also the second one's.
TEST(readiness_model, an_event_wakes_who_waits_now) {
  model::explore([](model::world& world) {
    readiness known;
    bool waits = false;
    io_waiters woken;
    world.together(
        [&] {
          if (!known.begin_wait(io_side::read, 1)) return;
          known.end_wait(io_side::read);
          waits = known.begin_wait(io_side::read, 2);
        },
        [&] { woken = known.deliver(1, readable); });
    if (waits && woken.keys[0] == 0) {
      EXPECT_EQ(known.deliver(1, readable).keys[0], 2u);
    }
    EXPECT_TRUE(known.is_ready(io_side::read));
  });
}

// O1. Who sees that an event came sees what its taker saw.
TEST(readiness_model, ready_shows_what_came_before_the_event) {
  model::explore([](model::world& world) {
    readiness known;
    model::data<int> news;
    world.together(
        [&] {
          while (!known.is_ready(io_side::read)) spin_pause();
          EXPECT_EQ(news.read(), 1);
        },
        [&] {
          news.write(1);
          static_cast<void>(known.deliver(1, readable));
        });
  });
}

// O1. Who clears ready, and then finds that it may wait, has seen what every event that was cleared away brought.
TEST(readiness_model, an_attempt_sees_what_all_events_before_it_brought) {
  model::explore([](model::world& world) {
    readiness known;
    model::data<int> first, second;
    atomic<int> told{0};
    world.together(
        [&] {
          while (told.load(relaxed) < 2) spin_pause();
          do {
            known.prepare(io_side::read);
          } while (!known.begin_wait(io_side::read, reader_key));
          EXPECT_EQ(first.read() + second.read(), 3);
        },
        [&] {
          first.write(1);
          static_cast<void>(known.deliver(1, readable));
          told.fetch_add(1, relaxed);
        },
        [&] {
          second.write(2);
          static_cast<void>(known.deliver(1, readable));
          told.fetch_add(1, relaxed);
        });
  });
}

}  // namespace
}  // namespace mote::detail
