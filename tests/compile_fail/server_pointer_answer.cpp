// expect-error: mote: a pointer shares memory and cannot be sent
// Neither may an answer reach into the server's state.
#include <mote/server.hpp>

struct get {};
struct counter {
  int value = 0;
#ifdef MOTE_CONTROL
  int handle_call(get) { return value; }
#else
  int* handle_call(get) { return &value; }
#endif
};

void ask(mote::server<counter> who) { mote::call(who, get{}); }
