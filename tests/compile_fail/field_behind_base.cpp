// expect-error: field<order, 2, .*a base, or a field in a struct with a base|a base, or a field in a struct with a base.*field<order, 2, |type<[^/]*char ?\*
// So is a field of a struct that has a base; bases count as the first fields.
#include <mote/send.hpp>

struct named {
  int name;
};
struct order : named {
  int id;
#ifdef MOTE_CONTROL
  char text;
#else
  char* text;
#endif
};

void place(mote::pid shop, const order& what) { mote::send(shop, what); }
