// expect-error: field<order, 1, [^/]*[^/]*const std[^/]*string[^/]*&.*a reference shares memory|a reference shares memory.*field<order, 1, [^/]*[^/]*const std[^/]*string[^/]*&
// A const reference sees every change the sender makes.
#include <mote/send.hpp>

#include <string>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::string text;
#else
  const std::string& text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
