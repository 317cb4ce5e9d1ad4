// expect-error: constraints not satisfied|constraint[^/]*not satisfied|no matching function
// A user's own template can ask for a message.
#include <mote/message.hpp>

#include <memory>

template <mote::message T>
void log(const T&) {}

#ifdef MOTE_CONTROL
void run() { log(1); }
#else
void run() { log(std::shared_ptr<int>()); }
#endif
