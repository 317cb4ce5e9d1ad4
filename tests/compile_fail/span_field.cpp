// expect-error: field<order, 1, [^/]*text[^/]*span.*a view shares memory|a view shares memory.*field<order, 1, [^/]*text[^/]*span
// A span is a view.
#include <mote/send.hpp>

#include <span>
#include <vector>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::vector<int> text;
#else
  std::span<const int> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
