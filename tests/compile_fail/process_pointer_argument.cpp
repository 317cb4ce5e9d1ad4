// expect-error: type<int ?\*.*a pointer shares memory|a pointer shares memory.*type<int ?\*
// An argument is a message.
#include <mote/process.hpp>
#include <mote/send.hpp>

void start() {
#ifdef MOTE_CONTROL
  int total = 0;
  mote::spawn([](int sum) { ++sum; }, total);
#else
  int total = 0;
  mote::spawn([](int* sum) { ++*sum; }, &total);
#endif
}
