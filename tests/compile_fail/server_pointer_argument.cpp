// expect-error: mote: a pointer shares memory and cannot be sent
// What a server starts from is sent to it.
#include <mote/server.hpp>

struct counter {
  void init(int*) {}
  void init(int) {}
};

void begin(int* shared) {
#ifdef MOTE_CONTROL
  mote::start<counter>(*shared);
#else
  mote::start<counter>(shared);
#endif
}
