// expect-error: type<[^/]*char ?\*.*a pointer shares memory|a pointer shares memory.*type<[^/]*char ?\*
// A literal is sent as std::string; a buffer of the caller's is a pointer.
#include <mote/process.hpp>
#include <mote/send.hpp>

#include <string>

#ifdef MOTE_CONTROL
void tell(mote::pid to) { mote::send(to, "text"); }
#else
void tell(mote::pid to) {
  char what[] = "text";
  mote::send(to, what);
}
#endif
