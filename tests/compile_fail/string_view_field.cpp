// expect-error: field<order, 1, [^/]*text[^/]*string_view.*a view shares memory|a view shares memory.*field<order, 1, [^/]*text[^/]*string_view
// A view dangles once the sender ends.
#include <mote/send.hpp>

#include <string>
#include <string_view>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::string text;
#else
  std::string_view text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
