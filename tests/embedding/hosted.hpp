// What the tests of runtimes in a host program share.
#pragma once

#include "tests/in_process.hpp"

#include <thread>

namespace mote::test {

struct number {
  int value;
};

inline options small(unsigned schedulers = 2) {
  options given;
  given.schedulers = schedulers;
  given.max_processes = 1u << 12;
  return given;
}

/// Waits, as a plain thread, until the condition holds.
template <class Condition>
void until_outside(Condition&& holds) {
  while (!holds()) std::this_thread::yield();
}

}  // namespace mote::test
