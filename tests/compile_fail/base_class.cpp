// expect-error: field<named, 0, [^/]*name[^/]*const char.*a base, or a field in a struct with a base|a base, or a field in a struct with a base.*field<named, 0, [^/]*name[^/]*const char
// A base is looked into like a field; the error names the base's own field.
#include <mote/send.hpp>

#include <string>

struct named {
#ifdef MOTE_CONTROL
  std::string name;
#else
  const char* name;
#endif
};
struct order : named {
  int id;
};

void place(mote::pid shop, const order& what) { mote::send(shop, what); }
