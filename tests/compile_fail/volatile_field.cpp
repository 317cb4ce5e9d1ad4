// expect-error: field<order, 1, [^/]*[^/]*volatile int.*a volatile value cannot be sent|a volatile value cannot be sent.*field<order, 1, [^/]*[^/]*volatile int
// What is volatile changes behind the back.
#include <mote/send.hpp>

#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  volatile int text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
