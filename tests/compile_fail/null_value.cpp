// expect-error: type<[^/]*nullptr_t.*a pointer shares memory|a pointer shares memory.*type<[^/]*nullptr_t
// A null pointer is a pointer.
#include <mote/process.hpp>
#include <mote/send.hpp>

#ifdef MOTE_CONTROL
void tell(mote::pid to) { mote::send(to, 0); }
#else
void tell(mote::pid to) { mote::send(to, nullptr); }
#endif
