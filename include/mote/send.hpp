// Sending. A message is copied (lvalues) or moved (rvalues) into the receiver's mailbox; the sender keeps nothing of it. To
// a process that has ended it vanishes without a word. Messages from one process to another arrive in the order sent.
#pragma once

#include <mote/detail/envelope.hpp>
#include <mote/error.hpp>
#include <mote/message.hpp>
#include <mote/pid.hpp>

#include <chrono>
#include <optional>
#include <string_view>
#include <utility>

namespace mote {

/// Sends a value. A string literal is sent as std::string.
/// to      a pid, an alias, or a registered name; a name that nobody has throws usage_error.
/// Blocks  only at a mailbox that is at its limit, of the policy park_sender (mote/mailbox.hpp), until there is room: not when
///         it is the caller's own, nor once the caller is to end; the message is let in, then, or dropped. Costs reductions,
///         and more of them the longer the receiver's mailbox is, so the caller may yield.
/// Throws  std::bad_alloc; nothing is sent then. Never ends the caller.
template <class Value>
void send(pid to, Value&& value) {
  detail::deliver(to, detail::make_envelope(std::forward<Value>(value)));
}
template <class Value>
void send(alias to, Value&& value) {
  detail::deliver(to.owner(), detail::by_alias(to, detail::make_envelope(std::forward<Value>(value))));
}
template <class Value>
void send(std::string_view name, Value&& value) {
  const pid to = detail::require_name("mote::send", name);
  detail::deliver(to, detail::make_envelope(std::forward<Value>(value)));
}

/// What became of a try_send. full: the mailbox is at its limit, and the message was dropped.
enum class send_result { delivered, no_process, full };

/// As send, but tells, and never yields nor waits for room. `delivered` means that it is in the mailbox, not that it was
/// received; what comes by an alias that has been withdrawn vanishes there.
template <class Value>
send_result try_send(pid to, Value&& value) {
  return detail::try_deliver(to, detail::make_envelope(std::forward<Value>(value)));
}
template <class Value>
send_result try_send(alias to, Value&& value) {
  return detail::try_deliver(to.owner(), detail::by_alias(to, detail::make_envelope(std::forward<Value>(value))));
}
template <class Value>
send_result try_send(std::string_view name, Value&& value) {
  const pid to = detail::require_name("mote::try_send", name);
  return detail::try_deliver(to, detail::make_envelope(std::forward<Value>(value)));
}

/// Names one timer, for ever: to a later runtime it is one that is gone.
class timer_ref {
 public:
  constexpr timer_ref() noexcept = default;
  constexpr timer_ref(std::uint64_t place, void* node, std::uint64_t generation) noexcept
      : place_(place), node_(node), generation_(generation) {}
  /// Of the runtime, as pid::place.
  constexpr std::uint64_t place() const noexcept { return place_; }
  constexpr void* node() const noexcept { return node_; }
  constexpr std::uint64_t generation() const noexcept { return generation_; }
  friend constexpr bool operator==(const timer_ref&, const timer_ref&) noexcept = default;

 private:
  std::uint64_t place_ = 0;
  void* node_ = nullptr;
  std::uint64_t generation_ = 0;
};

template <>
struct message_traits<timer_ref> {
  static constexpr bool owns_all = true;
};

/// Sends a value to a process after at least this long; a time of zero or less sends it at the sender's next scheduling
/// point. It arrives even if the caller has ended by then. A full mailbox that parks senders takes it, since nobody is there to
/// be parked; other policies hold.
/// to      as send's. A name is looked up now, not when the time is up.
template <class Value>
timer_ref send_after(std::chrono::nanoseconds delay, pid to, Value&& value) {
  return detail::deliver_after(delay, to, detail::make_envelope(std::forward<Value>(value)));
}
template <class Value>
timer_ref send_after(std::chrono::nanoseconds delay, alias to, Value&& value) {
  return detail::deliver_after(delay, to.owner(), detail::by_alias(to, detail::make_envelope(std::forward<Value>(value))));
}
template <class Value>
timer_ref send_after(std::chrono::nanoseconds delay, std::string_view name, Value&& value) {
  const pid to = detail::require_name("mote::send_after", name);
  return detail::deliver_after(delay, to, detail::make_envelope(std::forward<Value>(value)));
}
/// Stops a timer. Returns how much time was left, or nullopt when it had fired or been cancelled. Any process may call it.
std::optional<std::chrono::nanoseconds> cancel_timer(timer_ref which);
/// How much time is left; nullopt when it has fired or been cancelled.
std::optional<std::chrono::nanoseconds> read_timer(timer_ref which);

}  // namespace mote
