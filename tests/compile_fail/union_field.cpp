// expect-error: field<order, 1, [^/]*text[^/]*either.*a union cannot be looked into|a union cannot be looked into.*field<order, 1, [^/]*text[^/]*either
// Nobody knows which member of a union is alive.
#include <mote/send.hpp>

#include <variant>
#include <utility>

union either {
  int number;
  const char* words;
};

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::variant<int, char> text;
#else
  either text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
