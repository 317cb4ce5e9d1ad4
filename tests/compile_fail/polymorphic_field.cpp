// expect-error: field<order, 1, [^/]*text[^/]*shape.*a class with virtual functions|a class with virtual functions.*field<order, 1, [^/]*text[^/]*shape
// Behind virtual functions may be anything.
#include <mote/send.hpp>

#include <utility>

struct shape {
  virtual ~shape() = default;
};

struct order {
  int id;
#ifdef MOTE_CONTROL
  int text;
#else
  shape text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
