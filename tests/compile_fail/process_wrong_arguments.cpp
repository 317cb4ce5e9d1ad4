// expect-error: cannot be called with these arguments
// A process's function takes the arguments it is given.
#include <mote/process.hpp>
#include <mote/send.hpp>

#include <string>

void start() {
#ifdef MOTE_CONTROL
  mote::spawn_monitor([](std::string) {}, "text");
#else
  mote::spawn_monitor([](std::string) {}, 1, 2);
#endif
}
