// Bar 14's second half: what ThreadSanitizer must see. Two processes on one scheduler, so on one thread, share an int:
// that is a race, and must be reported; with a message between their turns it is none, and must not be.
// Both are to be run by a build with -DMOTE_SANITIZE=thread. Hit: a turn taken.
#include "bar.hpp"

#include <mote/mote.hpp>

namespace bars {

namespace {

struct turn {};

int shared = 0;

void take_turn(mote::pid next) {
  ++shared;
  mote::send(next, turn{});
}

void wait_and_take_turn(mote::pid next) {
  mote::receive<turn>();
  take_turn(next);
}

// Each takes its turn, the second after it heard of the first, or without; the last to hear is here.
verdict run_both(bool by_message, const trial& now) {
  shared = 0;
  mote::run(
      [&] {
        for (std::uint64_t i = 0; i < now.count; ++i) {
          if (by_message) {
            mote::spawn(take_turn, mote::spawn(wait_and_take_turn, mote::self()));
            mote::receive<turn>();
          } else {
            mote::spawn(take_turn, mote::self());
            mote::spawn(take_turn, mote::self());
            mote::receive<turn>();
            mote::receive<turn>();
          }
        }
      },
      {.schedulers = 1, .max_processes = 64});
  const auto turns = static_cast<std::uint64_t>(shared);
  return {turns == 2 * now.count ? 0u : 1u, turns, std::to_string(turns) + "_turns"};
}

verdict run_shared(const trial& now) { return run_both(false, now); }
verdict run_ordered(const trial& now) { return run_both(true, now); }

}  // namespace

extern const bar shared_int{"shared", "pairs of processes that share an int; ThreadSanitizer must report it", 1, 1,
                            run_shared};
extern const bar ordered_int{"ordered", "pairs that share an int and order it by a message; no report", 1000, 100,
                             run_ordered};

}  // namespace bars
