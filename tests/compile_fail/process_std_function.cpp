// expect-error: must have no captures and no state
// std::function hides captures.
#include <mote/process.hpp>
#include <mote/send.hpp>

#include <functional>

void start() {
#ifdef MOTE_CONTROL
  mote::spawn([] {});
#else
  mote::spawn(std::function<void()>([] {}));
#endif
}
