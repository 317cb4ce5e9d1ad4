// expect-error: field<order, 1, [^/]*text[^/]*set<.*comparator or hash has state|comparator or hash has state.*field<order, 1, [^/]*text[^/]*set<
// A comparator with state reaches further than the set.
#include <mote/send.hpp>

#include <set>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::set<int> text;
#else
  std::set<int, bool (*)(int, int)> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
