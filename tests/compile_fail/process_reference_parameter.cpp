// expect-error: cannot be called with these arguments
// A parameter T& looks like a way to share, and is refused.
#include <mote/process.hpp>
#include <mote/send.hpp>

void start() {
#ifdef MOTE_CONTROL
  int total = 0;
  mote::spawn([](int sum) { ++sum; }, total);
#else
  int total = 0;
  mote::spawn([](int& sum) { ++sum; }, total);
#endif
}
