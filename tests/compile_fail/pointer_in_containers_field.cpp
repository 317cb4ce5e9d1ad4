// expect-error: field<order, 1, [^/]*text[^/]*map<int, [^/]*const char.*a pointer shares memory|a pointer shares memory.*field<order, 1, [^/]*text[^/]*map<int, [^/]*const char
// Containers are looked into, at any depth.
#include <mote/send.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>
#include <utility>

struct order {
  int id;
#ifdef MOTE_CONTROL
  std::map<int, std::optional<std::vector<std::string>>> text;
#else
  std::map<int, std::optional<std::vector<const char*>>> text;
#endif
};

void place(mote::pid shop, order what) { mote::send(shop, std::move(what)); }
