// expect-error: field<order, 1, [^/]*text[^/]*void \(\*.*a function pointer cannot be sent|a function pointer cannot be sent.*field<order, 1, [^/]*text[^/]*void \(\*
// A function pointer means nothing in another OS process.
#include <mote/send.hpp>

#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  void (*text)(int);
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
