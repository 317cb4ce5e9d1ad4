// Limits of mailboxes: how much may lie in one, and what becomes of a message that finds it full.
//
//   mote::spawn({.mailbox = {.messages = 1024, .policy = mote::when_full::drop_oldest}}, logger);
//
// What the runtime itself sends is exempt and not counted: exit signals, `exited`, `down`, replies, timeouts. A mailbox without
// a limit takes all; there, senders pay with their time slice. See docs/semantics.md.
#pragma once

#include <mote/message.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mote {

/// What becomes of a message that finds the mailbox at its limit.
enum class when_full : std::uint8_t {
  park_sender,   ///< its sender waits until there is room, first come, first served
  drop_newest,   ///< it is dropped
  drop_oldest,   ///< the oldest that no receive has passed over yet is dropped for it; is there none, it is dropped itself
  end_receiver,  ///< the receiver ends, for reason_kind::mailbox_full; it cannot trap that
};

/// A limit. A message is let in while there are fewer than `messages`, and with it no more than `bytes`; one that is larger than
/// `bytes` by itself is let into an empty mailbox.
struct mailbox_limit {
  std::optional<std::size_t> messages{};  ///< 1 to 2^26
  /// 256 to 2^32. A message counts with its envelope of 32 bytes and, if its type can cross to another OS process, with what
  /// its containers hold.
  std::optional<std::size_t> bytes{};
  std::optional<when_full> policy{};      ///< none: park_sender
};

/// A limit for the messages of one type, instead of the mailbox's, in which they then do not count.
struct type_limit {
  const detail::message_type* type;
  mailbox_limit limit;
};
template <>
struct message_traits<type_limit> {
  static constexpr bool owns_all = true;  // what it points to never changes, and lives for ever
};
/// limit_for<T>({}): messages of type T have no limit.
template <class T>
type_limit limit_for(const mailbox_limit& limit) {
  detail::check_message<T>();
  return {&detail::message_type_of<T>, limit};
}

/// How a process's mailbox is limited. Throws usage_error from spawn: a limit of zero, or out of its range; a policy without a
/// limit; a type named twice, or more than eight of them.
struct mailbox_options {
  std::optional<std::size_t> messages{};  ///< as mailbox_limit
  std::optional<std::size_t> bytes{};
  std::optional<when_full> policy{};
  std::vector<type_limit> types{};        ///< limits of single types
};

}  // namespace mote
