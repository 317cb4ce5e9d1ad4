// expect-error: type<[^/]*const char ?\*.*a pointer shares memory|a pointer shares memory.*type<[^/]*const char ?\*
// A pointer to text is not the text.
#include <mote/process.hpp>
#include <mote/send.hpp>

#include <string>

#ifdef MOTE_CONTROL
void tell(mote::pid to, const char* what) { mote::send(to, std::string(what)); }
#else
void tell(mote::pid to, const char* what) { mote::send(to, what); }
#endif
