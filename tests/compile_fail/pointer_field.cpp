// expect-error: field<order, 1, [^/]*text[^/]*const char.*a pointer shares memory|a pointer shares memory.*field<order, 1, [^/]*text[^/]*const char
// A pointer shares memory with the sender; the error names the field.
#include <mote/send.hpp>

#include <string>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::string text;
#else
  const char* text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
