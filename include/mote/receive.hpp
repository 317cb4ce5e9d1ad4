// Receiving. receive takes the first message in the mailbox, in order of arrival, that any of its handlers accepts, and
// leaves the others where they are: Erlang's selective receive.
#pragma once

#include <mote/detail/mailbox.hpp>
#include <mote/message.hpp>
#include <mote/pid.hpp>
#include <mote/send.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mote {

/// Where the answer to a request goes. A value: keep it, or send it to whoever shall answer.
class reply_to {
 public:
  constexpr reply_to() noexcept = default;
  constexpr reply_to(pid asker, ref request, pid asked) noexcept : asker_(asker), asked_(asked), request_(request) {}
  constexpr pid asker() const noexcept { return asker_; }
  constexpr pid asked() const noexcept { return asked_; }
  constexpr ref request() const noexcept { return request_; }

 private:
  pid asker_, asked_;
  ref request_;
};

template <>
struct message_traits<reply_to> {
  static constexpr bool owns_all = true;
  static void encode(const reply_to& value, encoder& out);
  static reply_to decode(decoder& in);
};

/// A message of any type, for a handler that takes whatever is left.
class any_message {
 public:
  explicit any_message(detail::envelope_ptr mail) noexcept : mail_(std::move(mail)) {}
  /// The readable name of its type.
  std::string_view type() const noexcept { return mail_->type->name; }
  /// The message, or nullptr when it is of another type.
  template <class T>
  T* get() noexcept {
    return detail::same_type(*mail_->type, detail::message_type_of<T>) ? static_cast<T*>(mail_->payload()) : nullptr;
  }
  /// Who waits for an answer, when it came as a request.
  std::optional<reply_to> from() const;

 private:
  detail::envelope_ptr mail_;
};

/// A handler that takes only messages for which predicate(const T&) holds. The predicate looks and decides; it must not
/// receive.
template <class Predicate, class Handler>
struct guarded {
  Predicate predicate;
  Handler handler;
};
template <class Predicate, class Handler>
guarded<Predicate, Handler> when(Predicate predicate, Handler handler) {
  return {std::move(predicate), std::move(handler)};
}

/// What to do when no message came in time. A time of zero or less only looks at what is there.
template <class Handler>
struct timeout_case {
  std::chrono::nanoseconds delay;
  Handler handler;
};
template <class Handler>
timeout_case<Handler> after(std::chrono::nanoseconds delay, Handler handler) {
  return {delay, std::move(handler)};
}

}  // namespace mote

#include <mote/detail/receive.hpp>

namespace mote {

/// Takes the first message that a handler accepts, calls that handler with it, and returns what it returns.
/// cases   lambdas or functions of one parameter: the exact type of message they take, by value, const& or &&; of two,
///         (reply_to, T): a request; any_message: whatever comes; when(predicate, handler); and at the end, once,
///         after(delay, handler).
/// Blocks  until a message is accepted or the time is up. May end the process.
/// Returns the handlers' common type.
template <class First, class... Rest>
decltype(auto) receive(First&& first, Rest&&... rest) {
  return detail::receive_cases(std::forward<First>(first), std::forward<Rest>(rest)...);
}

/// Takes the first message of this type.
template <class T>
T receive() {
  return detail::receive_cases([](T message) { return message; });
}
/// As receive<T>(), or nullopt when none came in time.
template <class T>
std::optional<T> receive(std::chrono::nanoseconds timeout) {
  return detail::receive_cases([](T message) { return std::optional<T>(std::move(message)); },
                               after(timeout, [] { return std::optional<T>(); }));
}

/// Asks a process, and watches it until it has answered. The answer is fetched with receive_reply; an answer that comes
/// when nobody waits any more vanishes.
/// to       a pid or a registered name; a name that nobody has throws usage_error.
/// Returns  what names this request, for the caller only.
template <class Value>
ref request(pid to, Value&& value) {
  return detail::send_request(to, detail::make_envelope(std::forward<Value>(value), sizeof(std::uint64_t)));
}
template <class Value>
ref request(std::string_view name, Value&& value) {
  return request(detail::require_name("mote::request", name), std::forward<Value>(value));
}
/// Waits for the answer of a request, in constant time however long the mailbox is.
/// Throws   no_reply when the process asked has ended without answering; usage_error when the answer is of another type, or
///          the caller made no such request or has had its answer. May end the process.
template <class Answer>
Answer receive_reply(ref request) {
  return detail::take_reply<Answer>(detail::wait_reply(request, detail::no_deadline));
}
/// As above, or nullopt when none came in time: the request is given up then.
template <class Answer>
std::optional<Answer> receive_reply(ref request, std::chrono::nanoseconds timeout) {
  detail::envelope_ptr mail = detail::wait_reply(request, detail::deadline_after(timeout, "mote::receive_reply"));
  if (mail == nullptr) return std::nullopt;
  return detail::take_reply<Answer>(std::move(mail));
}
/// Answers a request, once; a second answer vanishes.
template <class Value>
void reply(const reply_to& to, Value&& value) {
  detail::send_reply(to, detail::make_envelope(std::forward<Value>(value)));
}

}  // namespace mote
