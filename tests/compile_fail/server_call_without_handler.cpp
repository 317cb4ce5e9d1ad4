// expect-error: this server has no handle_call for this message
// The error names the server and the message: handler_missing<counter, reset>.
#include <mote/server.hpp>

struct get {};
struct reset {};
struct counter {
  int handle_call(get) { return 0; }
};

void ask(mote::server<counter> who) {
#ifdef MOTE_CONTROL
  mote::call(who, get{});
#else
  mote::call(who, reset{});
#endif
}
