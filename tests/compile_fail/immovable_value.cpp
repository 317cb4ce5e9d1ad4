// expect-error: type<[^/]*fixed.*a message must be movable|a message must be movable.*type<[^/]*fixed
// A message is moved into the mailbox.
#include <mote/process.hpp>
#include <mote/send.hpp>

#ifdef MOTE_CONTROL
struct fixed {
  int value = 0;
};
bool sendable() { return mote::detail::check_message<fixed>(); }
#else
struct fixed {
  int value = 0;
  fixed() = default;
  fixed(const fixed&) = delete;
};
template <>
struct mote::message_traits<fixed> {
  static constexpr bool owns_all = true;
};
bool sendable() { return mote::detail::check_message<fixed>(); }
#endif
