// expect-error: field<order, 1, [^/]*text[^/]*exception_ptr.*a shared pointer shares memory|a shared pointer shares memory.*field<order, 1, [^/]*text[^/]*exception_ptr
// An exception_ptr is shared by count.
#include <mote/send.hpp>

#include <exception>
#include <string>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::string text;
#else
  std::exception_ptr text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
