// What travels: a header that the mailboxes link together, and behind it the message.
#pragma once

#include <mote/message.hpp>
#include <mote/pid.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

namespace mote {
class timer_ref;
enum class send_result;
}

namespace mote::detail {

enum class envelope_kind : std::uint32_t { message, request, reply, signal };
/// In which limit of the receiver's mailbox an envelope counts while it waits there.
enum class counting : std::uint32_t { nowhere, in_mailbox, in_type };

/// Owned by exactly one of: its maker, an inbox, the receiver's mailbox, a timer.
struct alignas(16) envelope {
  envelope* next;
  const message_type* type;
  std::uint64_t mark;        ///< the alias or request it came by, or which request it asks; 0: none
  std::uint32_t generation;  ///< of the process it was sent to
  std::uint32_t slot : 24;   ///< where the receiver keeps what `mark` names
  envelope_kind kind : 2;
  counting counts : 2;
  std::uint32_t shelf : 4;  ///< where its memory comes from and goes to

  void* payload() noexcept { return this + 1; }
  std::size_t bytes() const noexcept { return sizeof(envelope) + type->size; }
};
static_assert(sizeof(envelope) == 32);

/// Memory for an envelope of `bytes` in all, as yet of no type: a message that came by no alias. Throws std::bad_alloc.
envelope* allocate_envelope(std::size_t bytes);
/// Gives the memory back; what it carried is destroyed already.
void free_envelope(envelope* mail) noexcept;
/// Destroys what it carries, then gives the memory back.
void drop_envelope(envelope* mail) noexcept;

struct envelope_deleter {
  void operator()(envelope* mail) const noexcept { drop_envelope(mail); }
};
using envelope_ptr = std::unique_ptr<envelope, envelope_deleter>;

/// The message, taken out of an envelope known to carry a T. Throws what T's move throws; the message is lost then.
template <class T>
T open_envelope(envelope_ptr mail) {
  T value(std::move(*static_cast<T*>(mail->payload())));
  if constexpr (std::is_trivially_destructible_v<T>) free_envelope(mail.release());
  return value;
}

/// Behind the message of a request: who asks.
inline std::uint64_t& asker_of(envelope& request) noexcept {
  const std::size_t offset = (request.type->size + 7) & ~std::size_t{7};
  return *reinterpret_cast<std::uint64_t*>(static_cast<std::byte*>(request.payload()) + offset);
}

/// A message in an envelope, which the caller owns. Throws std::bad_alloc, and what the copy throws.
/// extra_bytes  of room behind the message, from the next multiple of 8 on.
template <class Value>
envelope* make_envelope(Value&& value, std::size_t extra_bytes = 0) {
  using sent = sent_as_t<Value>;
  check_message<sent>();
  static_assert(alignof(sent) <= alignof(envelope), "a message's alignment is at most 16");
  envelope* mail = allocate_envelope(sizeof(envelope) + ((sizeof(sent) + 7) & ~std::size_t{7}) + extra_bytes);
  try {
    ::new (mail->payload()) sent(std::forward<Value>(value));
  } catch (...) {
    free_envelope(mail);
    throw;
  }
  mail->type = &message_type_of<sent>;
  return mail;
}

/// Addresses mail to its receiver by an alias; returns it.
inline envelope* by_alias(alias to, envelope* mail) noexcept {
  mail->mark = to.name().number();
  mail->slot = to.name().slot() & 0xFFFFFF;
  return mail;
}

// These take the envelope over.
void deliver(pid to, envelope* mail);
send_result try_deliver(pid to, envelope* mail);
timer_ref deliver_after(std::chrono::nanoseconds delay, pid to, envelope* mail);
/// Who has the name; throws usage_error that names the call and the name when nobody has.
pid require_name(const char* call, std::string_view name);

}  // namespace mote::detail
