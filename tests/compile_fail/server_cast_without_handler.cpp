// expect-error: this server has no handle_cast for this message
// A handler of calls is none of casts.
#include <mote/server.hpp>

struct add {};
struct counter {
  void handle_call(add) {}
#ifdef MOTE_CONTROL
  void handle_cast(add) {}
#endif
};

void tell(mote::server<counter> who) { mote::cast(who, add{}); }
