// expect-error: type<[^/]*string_view.*a view shares memory|a view shares memory.*type<[^/]*string_view
// A view is no message.
#include <mote/process.hpp>
#include <mote/send.hpp>

#include <string>
#include <string_view>

#ifdef MOTE_CONTROL
void tell(mote::pid to, std::string_view what) { mote::send(to, std::string(what)); }
#else
void tell(mote::pid to, std::string_view what) { mote::send(to, what); }
#endif
