// How a class of the user's joins the messages. See docs/design/message.md.
#pragma once

namespace mote {

/// Writes and reads the bytes of a value that crosses to an OS process. A class's codec names them in its signature.
class encoder;
class decoder;

/// Says of a class which mote cannot look into (private state, virtual functions) whether it may be sent. Specialise
/// it, in namespace mote, before the class is first sent:
///
///   template <>
///   struct mote::message_traits<money> {
///     static constexpr bool owns_all = true;
///     static void encode(const money& value, mote::encoder& out);  // both or neither
///     static money decode(mote::decoder& in);
///   };
///
/// owns_all        true: each copy of the value owns all it reaches, or shares only what never changes; another thread
///                 may destroy it, so its destructor calls nothing of mote's. mote believes this without a check.
///                 false: the type is refused, even an aggregate that would qualify by itself (one that holds an
///                 index into a table, say).
/// encode, decode  let the value cross to an OS process. Without them it stays inside its runtime.
template <class T>
struct message_traits {};

}  // namespace mote
