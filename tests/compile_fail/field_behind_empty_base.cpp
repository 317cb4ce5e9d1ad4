// expect-error: field<order, 1, [^/]*text[^/]*char ?\*.*a pointer shares memory|a pointer shares memory.*field<order, 1, [^/]*text[^/]*char ?\*
// Behind an empty base, a field is named as if there were none.
#include <mote/send.hpp>

struct tagged {};
struct order : tagged {
#ifdef MOTE_CONTROL
  char text;
#else
  char* text;
#endif
};

void place(mote::pid shop, const order& what) { mote::send(shop, what); }
