// expect-error: a base, or a field in a struct with a base
// A reference cannot hide behind a base.
#include <mote/send.hpp>

struct named {
  int name;
};
struct order : named {
#ifdef MOTE_CONTROL
  int total;
#else
  const int& total;
#endif
};

void place(mote::pid shop, const order& what) { mote::send(shop, what); }
