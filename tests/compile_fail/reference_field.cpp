// expect-error: field<order, 1, [^/]*[^/]*string[^/]*&.*a reference shares memory|a reference shares memory.*field<order, 1, [^/]*[^/]*string[^/]*&
// A reference shares memory with the sender.
#include <mote/send.hpp>

#include <string>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::string text;
#else
  std::string& text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
