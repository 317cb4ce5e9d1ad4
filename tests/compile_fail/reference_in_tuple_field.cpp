// expect-error: field<order, 1, [^/]*[^/]*tuple<int, int ?&>.*a reference shares memory|a reference shares memory.*field<order, 1, [^/]*[^/]*tuple<int, int ?&>
// A tuple is looked into.
#include <mote/send.hpp>

#include <tuple>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::tuple<int, int> text;
#else
  std::tuple<int, int&> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
