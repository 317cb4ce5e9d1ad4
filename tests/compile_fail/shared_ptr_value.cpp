// expect-error: type<[^/]*shared_ptr.*a shared pointer shares memory|a shared pointer shares memory.*type<[^/]*shared_ptr
// Sharing on purpose goes by its name.
#include <mote/process.hpp>
#include <mote/send.hpp>

#include <memory>
#include <mote/unsafe_share.hpp>

#ifdef MOTE_CONTROL
void tell(mote::pid to, std::shared_ptr<int> what) { mote::send(to, mote::unsafe_share<int>(what)); }
#else
void tell(mote::pid to, std::shared_ptr<int> what) { mote::send(to, what); }
#endif
