// expect-error: field<order, 1, [^/]*text[^/]*any.*std::function and std::any hide|std::function and std::any hide.*field<order, 1, [^/]*text[^/]*any
// std::any may hold a pointer.
#include <mote/send.hpp>

#include <any>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  std::any text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
