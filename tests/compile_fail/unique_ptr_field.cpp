// expect-error: field<order, 1, [^/]*text[^/]*unique_ptr.*not even std::unique_ptr|not even std::unique_ptr.*field<order, 1, [^/]*text[^/]*unique_ptr
// A unique_ptr is a pointer; the value itself says more.
#include <mote/send.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::optional<std::string> text;
#else
  std::unique_ptr<std::string> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
