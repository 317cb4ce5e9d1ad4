// expect-error: field<order, 1, [^/]*text[^/]*shared_ptr.*a shared pointer shares memory|a shared pointer shares memory.*field<order, 1, [^/]*text[^/]*shared_ptr
// Two processes would write to one object.
#include <mote/send.hpp>

#include <memory>
#include <string>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::string text;
#else
  std::shared_ptr<std::string> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
