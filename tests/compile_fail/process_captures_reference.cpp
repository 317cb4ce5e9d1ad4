// expect-error: must have no captures and no state
// A process does not see its spawner's variables.
#include <mote/process.hpp>
#include <mote/send.hpp>

void start() {
#ifdef MOTE_CONTROL
  int total = 0;
  mote::spawn([](int start) { ++start; }, total);
#else
  int total = 0;
  mote::spawn([&total] { ++total; });
#endif
}
