// expect-error: must have no captures and no state
// Nor does it capture copies: they may reach anything.
#include <mote/process.hpp>
#include <mote/send.hpp>

void start() {
#ifdef MOTE_CONTROL
  int total = 0;
  mote::spawn_link([](int start) { ++start; }, total);
#else
  int total = 0;
  mote::spawn_link([total] { static_cast<void>(total); });
#endif
}
