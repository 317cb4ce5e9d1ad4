// The door with the fences of this machine, on threads: what door_model_test.cpp has a stand-in for. Labels: door.hpp.
#include "runtime/os/membarrier.hpp"
#include "scheduler/scheduler.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace mote::detail {
namespace {

/// Marks that each side sets once it believes itself alone.
struct room {
  explicit room(bool is_fenced) : door(is_fenced) {}

  void be_in(std::atomic<bool>& mine, const std::atomic<bool>& other) {
    mine.store(true, relaxed);
    for (int looks = 0; looks < 4; ++looks) {
      if (other.load(relaxed)) met = true;
    }
    mine.store(false, relaxed);
  }

  basic_door<machine_fences> door;
  std::atomic<bool> owner{false}, borrower{false}, met{false};
};

// D1 O3. Until it has been so both ways: the borrower found the owner outside, or came at a bad moment. The owner's mark
// and its look are two plain accesses, which a processor reorders: without the borrower's barrier they meet within a moment.
void take_turns(bool is_fenced) {
  room here(is_fenced);
  here.door.leave();
  std::atomic<bool> over{false};
  std::thread owner([&] {
    while (!over.load(relaxed)) {
      EXPECT_TRUE(here.door.enter() || here.door.wait());
      here.be_in(here.owner, here.borrower);
      here.door.leave();
      for (int i = 0; i < 20; ++i) spin_pause();
    }
  });
  constexpr int enough = 1'000;  // each takes a barrier of the system's
  int borrowed = 0, refused = 0;
  while ((borrowed < enough || refused == 0) && !here.met) {
    for (int i = 0; i < 500; ++i) spin_pause();  // the owner comes in meanwhile
    if (here.door.borrow()) {
      here.be_in(here.borrower, here.owner);
      here.door.give_back();
      ++borrowed;
    } else {
      ++refused;
    }
  }
  over = true;
  owner.join();
  EXPECT_FALSE(here.met) << "after " << borrowed << " loans";
}

TEST(door, owner_and_borrower_never_meet) { take_turns(!membarrier_available()); }

TEST(door, owner_and_borrower_never_meet_where_the_owner_pays_for_the_barrier) { take_turns(true); }

}  // namespace
}  // namespace mote::detail
