// expect-error: cannot be started with these arguments
#include <mote/server.hpp>

#include <string>

struct counter {
  void init(int) {}
};

void begin() {
#ifdef MOTE_CONTROL
  mote::start_link<counter>(1);
#else
  mote::start_link<counter>(std::string("one"));
#endif
}
