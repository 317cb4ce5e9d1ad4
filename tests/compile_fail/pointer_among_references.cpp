// expect-error: field<order, 1, [^/]*text[^/]*const char.*a pointer shares memory|a pointer shares memory.*field<order, 1, [^/]*text[^/]*const char
// A field before a reference has its name in the error all the same.
#include <mote/send.hpp>

#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  char text;
#else
  const char* text;
  int& other;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
