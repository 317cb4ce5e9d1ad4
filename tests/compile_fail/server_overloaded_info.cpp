// expect-error: handle_info is overloaded or a template: name the types it takes
#include <mote/server.hpp>

struct counter {
#ifdef MOTE_CONTROL
  using infos = mote::messages<int, mote::down>;
#endif
  void handle_info(int) {}
  void handle_info(const mote::down&) {}
};

void begin() { mote::start<counter>(); }
