// expect-error: field<order, 1, [^/]*text[^/]*char ?\*.*a pointer shares memory|a pointer shares memory.*field<order, 1, [^/]*text[^/]*char ?\*
// An array is looked into.
#include <mote/send.hpp>

#include <array>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  char text[4];
#else
  char* text[4];
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
