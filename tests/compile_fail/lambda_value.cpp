// expect-error: type<[^/]*lambda.*captures cannot be checked|captures cannot be checked.*type<[^/]*lambda
// A lambda with captures is no message.
#include <mote/process.hpp>
#include <mote/send.hpp>

#ifdef MOTE_CONTROL
void tell(mote::pid to) {
  mote::send(to, [] { return 1; });
}
#else
void tell(mote::pid to) {
  int count = 0;
  mote::send(to, [&count] { ++count; });
}
#endif
