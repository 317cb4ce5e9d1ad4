// expect-error: field<order, 1, [^/]*text[^/]*function.*std::function and std::any hide|std::function and std::any hide.*field<order, 1, [^/]*text[^/]*function
// std::function may hold captures by reference.
#include <mote/send.hpp>

#include <functional>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  std::function<void()> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
