// What process_info says of work done.
#include "tests/in_process.hpp"

namespace mote::test {
namespace {

// Whoever is next, the work of the one that waits is booked to it.
TEST(reductions, are_booked_when_a_process_waits) {
  in_every_mode([] {
    const pid worker = spawn(
        [](pid sink) {
          for (int i = 0; i < 300; ++i) send(sink, i);
          wait_for_ever();
        },
        spawn(wait_for_ever));
    for (int i = 0; i < 5; ++i)
      spawn([] {
        for (int n = 0; n < 100; ++n) yield();
      });
    until_waiting(worker);
    EXPECT_GE(info(worker)->reductions, 300u);
    kill(worker);
  });
}

}  // namespace
}  // namespace mote::test
