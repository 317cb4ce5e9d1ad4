// expect-error: by `using reply = ...;` in the message's struct
#include <mote/server.hpp>

struct get {
#ifdef MOTE_CONTROL
  using reply = int;
#endif
};
struct counter {
  void handle_call(mote::reply_to, get) {}
};

void ask(mote::server<counter> who) { mote::call(who, get{}); }
