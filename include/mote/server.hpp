// Servers: processes written as a state and handlers, in the manner of Erlang's gen_server. Between messages a server has no
// stack: it is its control block and its state. A handler may wait, call and receive like any other code.
//
//   struct counter {
//     int value = 0;
//     int handle_call(get) { return value; }        // the answer, whose type call() returns
//     void handle_call(mote::reply_to from, poll);  // answers later, by reply(); struct poll says `using reply = int;`
//     void handle_cast(add more) { value += more.by; }
//     void handle_info(const mote::down& news);     // what comes by send(), a timer, a link or a monitor
//     void init(int first);                         // or a constructor: in the new process, before start() returns
//     void terminate(const mote::reason& why);
//   };
//
// handle_call and handle_cast may be overloaded freely. Where handle_info is, the struct names the types that it takes:
// `using infos = mote::messages<tick, mote::down>;`, with mote::any_message at the end, if at all, for whatever is left. What
// nobody takes is dropped. All of init, terminate and the handlers may be missing.
//
// A server ends by an exception that leaves a handler, by stop(), by an exit signal, or, when it traps exits, by one of the
// process that started it. terminate is called first, but not for exit signals that are not trapped, nor for exit(). Then the
// state is destroyed.
#pragma once

#include <mote/detail/server.hpp>
#include <mote/error.hpp>
#include <mote/message.hpp>
#include <mote/process.hpp>
#include <mote/receive.hpp>
#include <mote/send.hpp>

#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mote {

/// A server could not be started: its init threw, or it was ended meanwhile. why() says more.
class start_failed : public no_reply {
 public:
  explicit start_failed(reason why);
};

/// No answer came in time. why() is timeout.
class call_timeout : public no_reply {
 public:
  explicit call_timeout(const std::string& what);
};

/// How long a call waits unless it is told otherwise, as in OTP; and how to tell it to wait for ever.
inline constexpr std::chrono::nanoseconds default_timeout = std::chrono::seconds(5);
inline constexpr std::chrono::nanoseconds infinity = std::chrono::nanoseconds::max();

/// Names a server that understands what S handles: a pid with a type. A value and a message, as a pid is.
template <class S>
class server {
 public:
  constexpr server() noexcept = default;
  /// The caller knows that this process is such a server. If it is not, casts vanish and calls are refused.
  constexpr explicit server(pid who) noexcept : id_(who) {}
  /// Who has that name now. Throws usage_error when nobody has.
  explicit server(std::string_view name) : id_(detail::require_name("mote::server", name)) {}

  constexpr pid id() const noexcept { return id_; }
  constexpr operator pid() const noexcept { return id_; }
  constexpr explicit operator bool() const noexcept { return static_cast<bool>(id_); }
  friend constexpr auto operator<=>(const server&, const server&) noexcept = default;

 private:
  pid id_;
};

template <class S>
struct message_traits<server<S>> {
  static constexpr bool owns_all = true;
  static void encode(const server<S>& value, encoder& out) { message_traits<pid>::encode(value.id(), out); }
  static server<S> decode(decoder& in) { return server<S>(message_traits<pid>::decode(in)); }
};

/// Starts a server, and waits until it has begun: its state is made in the new process, by init(args...) or by a constructor.
/// As gen_server:start and start_link.
/// args     copied or moved in; each satisfies `message`. The state itself need not: nobody else sees it.
/// Throws   start_failed when init threw or the server ended in it; a linked one then sends no exit signal as well, unless
///          somebody ended it from outside. What spawn throws.
/// Blocks   until init is through. May end the process.
template <class S, class... Args>
requires(!(std::same_as<std::decay_t<Args>, spawn_options> || ...)) server<S> start(Args&&... args) {
  return server<S>(detail::start_server<S>(nullptr, detail::tie::none, std::forward<Args>(args)...));
}
template <class S, class... Args>
server<S> start(const spawn_options& options, Args&&... args) {
  return server<S>(detail::start_server<S>(&options, detail::tie::none, std::forward<Args>(args)...));
}
template <class S, class... Args>
requires(!(std::same_as<std::decay_t<Args>, spawn_options> || ...)) server<S> start_link(Args&&... args) {
  return server<S>(detail::start_server<S>(nullptr, detail::tie::link, std::forward<Args>(args)...));
}
template <class S, class... Args>
server<S> start_link(const spawn_options& options, Args&&... args) {
  return server<S>(detail::start_server<S>(&options, detail::tie::link, std::forward<Args>(args)...));
}

/// Asks a server, and waits for its answer.
/// Returns  what the handler for this message returns, or, where it answers later, the message's `reply`.
/// Throws   no_reply when the server has ended, or ends before it answers: why() is noproc, or its reason; call_timeout when
///          the time was up, and an answer that comes later vanishes; usage_error from the server itself, and between two OS
///          processes (<mote/isolated.hpp>) when the message cannot cross. An answer that cannot is a no_reply that says so.
/// Blocks   until the answer is there. May end the process.
template <class S, class T>
auto call(const server<S>& to, T&& question, std::chrono::nanoseconds timeout = default_timeout) {
  using message = detail::sent_as_t<T>;
  using result = typename detail::call_traits<S, message>::type;
  using sent = detail::for_server<S, detail::server_message::call, message>;
  if constexpr (detail::handler_missing<S, message>::in_handle_call && detail::check_message<message>()) {
    detail::envelope_ptr answer = detail::ask(
        to, detail::make_envelope(sent{std::forward<T>(question)}, sizeof(std::uint64_t)), timeout);
    if (answer == nullptr) detail::call_timed_out(to, type_name<S>(), detail::message_type_of<message>, timeout);
    if constexpr (!std::is_void_v<result>) return detail::take_reply<result>(std::move(answer));
  }
}

/// Tells a server something, and goes on. To one that has ended it vanishes.
template <class S, class T>
void cast(const server<S>& to, T&& message) {
  using value = detail::sent_as_t<T>;
  using sent = detail::for_server<S, detail::server_message::cast, value>;
  static_assert(detail::handler_missing<S, value>::in_handle_cast,
                "mote: this server has no handle_cast for this message (both are named beside this error)");
  if constexpr (detail::takes_cast<S, value> && detail::check_message<value>()) {
    detail::deliver(to, detail::make_envelope(sent{std::forward<T>(message)}));
  }
}

/// Inside a handler or init: ends the server, after terminate, for this reason. Throws: what the handler's destructors undo
/// is undone.
[[noreturn]] inline void stop(reason why = reason::normal) { throw detail::server_stop{std::move(why)}; }

namespace detail {
void stop_server(pid who, const reason& why, std::chrono::nanoseconds timeout);
}  // namespace detail

/// From outside: asks a server to end for this reason, after the messages before, and waits until it has. As
/// gen_server:stop.
/// Throws  no_reply when it had ended (noproc), or ended for another reason; call_timeout when the time was up.
template <class S>
void stop(const server<S>& which, reason why = reason::normal, std::chrono::nanoseconds timeout = infinity) {
  detail::stop_server(which, why, timeout);
}

}  // namespace mote

template <class S>
struct std::hash<mote::server<S>> {
  std::size_t operator()(const mote::server<S>& which) const noexcept { return std::hash<mote::pid>()(which); }
};
