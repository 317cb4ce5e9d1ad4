// expect-error: anonymous union
// An anonymous union stops the compiler too, with words of its own: no binding reaches its members.
#include <mote/send.hpp>

struct either {
  int which;
#ifdef MOTE_CONTROL
  int number;
#else
  union {
    int number;
    const char* words;
  };
#endif
};

void tell(mote::pid to, const either& what) { mote::send(to, what); }
