// expect-error: cannot run a member function
// A member function wants an object.
#include <mote/process.hpp>
#include <mote/send.hpp>

struct server {
  int state = 0;
  void run() {}
};

void start() {
#ifdef MOTE_CONTROL
  mote::spawn([](server s) { s.run(); }, server{});
#else
  mote::spawn(&server::run, server{});
#endif
}
