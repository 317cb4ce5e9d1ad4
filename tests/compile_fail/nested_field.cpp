// expect-error: field<customer, 0, [^/]*street[^/]*const char.*a pointer shares memory|a pointer shares memory.*field<customer, 0, [^/]*street[^/]*const char
// The error names the innermost struct and its field, not the message around it.
#include <mote/send.hpp>

#include <string>
#include <vector>

struct customer {
#ifdef MOTE_CONTROL
  std::string street;
#else
  const char* street;
#endif
};
struct order {
  int id;
  std::vector<customer> customers;
};

void place(mote::pid shop, const order& what) { mote::send(shop, what); }
