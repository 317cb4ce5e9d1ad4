// How a server's state, its handlers and its messages meet. A message to a server carries, in the record of its type, the
// function that hands it to the right handler of that server's type: so handlers are found by the compiler where the message
// is sent, and at run time by one comparison and one indirect call.
#pragma once

#include <mote/detail/spawn.hpp>
#include <mote/process.hpp>
#include <mote/receive.hpp>
#include <mote/type_name.hpp>

#include <chrono>
#include <cstddef>
#include <new>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mote {

template <class S>
class server;

/// The types that a server's handle_info takes, where they cannot be seen from the one handler: `using infos = ...`.
template <class... Types>
struct messages {};

}  // namespace mote

namespace mote::detail {

/// What a server's closure begins with.
struct served {
  envelope* in_hand = nullptr;  ///< the message being handled; a request in it has not been answered
};

/// A body that stays. run() handles the message in hand; what it throws ends the process.
struct server_type : closure_type {
  void (*terminate)(void* place, const reason& why);  ///< called before the state is destroyed; may throw
  std::string_view name;                              ///< of the state's type
};

/// Thrown inside a handler to end the server for this reason, after terminate; and sent to it from outside.
struct server_stop {
  reason why;
};

/// Makes the draft a server, whose first message is this request, and launches it. Takes the envelope over. Throws as
/// draft::launch; nothing is left of the request then.
spawned launch_server(draft& child, tie how, envelope* first, ref& request);
/// Waits until a server just launched has answered its first request. Throws start_failed.
void await_start(ref request);
/// Answers the request in hand.
void answer_in_hand(served& cell, envelope* answer);
/// As request and receive_reply in one. nullptr: the time is up.
envelope_ptr ask(pid to, envelope* question, std::chrono::nanoseconds timeout);
[[noreturn]] void call_timed_out(pid to, std::string_view server, const message_type& asked, std::chrono::nanoseconds timeout);
/// A server whose init fails does so without an exit signal: who started it learns of it by the answer.
void leave_starter();
/// Throws server_stop for an exit signal of the process that started this one, and for stop() from outside.
void stop_if_told(envelope& mail);
/// Drops a message that the server has no handler for; a request is refused.
void refuse_in_hand(served& cell, const message_type& server);

template <class S>
struct server_tag {};

enum class server_message : std::uint8_t { init, call, cast };

/// A message for one kind of server only.
template <class S, server_message Kind, class T>
struct for_server {
  T value;
};
/// What init answers, and a call whose handler returns nothing.
struct done {};

}  // namespace mote::detail

template <class S, mote::detail::server_message Kind, class T>
struct mote::message_traits<mote::detail::for_server<S, Kind, T>> {
  static constexpr bool owns_all = true;  // T is checked by who makes one
  static constexpr bool crosses = Kind != mote::detail::server_message::init && crossing_message<T>;
  static void encode(const mote::detail::for_server<S, Kind, T>& value, encoder& out) requires crosses { out.put(value.value); }
  static mote::detail::for_server<S, Kind, T> decode(decoder& in) requires crosses { return {in.get<T>()}; }
};

namespace mote::detail {

/// A server's state, once init has made it.
template <class S>
class server_cell : public served {
 public:
  server_cell() noexcept {}
  server_cell(const server_cell&) = delete;
  server_cell& operator=(const server_cell&) = delete;
  ~server_cell() {
    if (born_) state_.~S();
  }

  S& state() noexcept { return state_; }

  template <class... Args>
  void make(Args&&... args) {
    if constexpr (requires(S& made) { made.init(std::forward<Args>(args)...); }) {
      ::new (&state_) S();
      destroyer broken{&state_};
      state_.init(std::forward<Args>(args)...);
      broken.made = nullptr;
    } else if constexpr (std::is_constructible_v<S, Args...>) {
      ::new (&state_) S(std::forward<Args>(args)...);
    } else {
      ::new (&state_) S{std::forward<Args>(args)...};
    }
    born_ = true;
  }

  static void run(void* place);
  static void drop(void* place) noexcept { static_cast<server_cell*>(place)->~server_cell(); }
  static void terminate(void* place, const reason& why) {
    auto& cell = *static_cast<server_cell*>(place);
    if constexpr (requires { cell.state_.terminate(why); }) {
      if (cell.born_) cell.state_.terminate(why);
    } else {
      static_cast<void>(cell);
      static_cast<void>(why);
    }
  }

 private:
  struct destroyer {
    S* made;
    ~destroyer() {
      if (made != nullptr) made->~S();
    }
  };

  union {
    S state_;
  };
  bool born_ = false;
};

template <class S>
inline constexpr server_type server_type_of{
    {sizeof(server_cell<S>), alignof(server_cell<S>), &server_cell<S>::run, &server_cell<S>::drop},
    &server_cell<S>::terminate,
    type_name<S>()};

// ---- what a server can be asked: found where the call is written ----

template <class S, class T>
concept answers = requires(S& state, T&& message) { state.handle_call(std::move(message)); };
template <class S, class T>
concept answers_later = requires(S& state, reply_to from, T&& message) { state.handle_call(from, std::move(message)); };
template <class S, class T>
concept takes_cast = requires(S& state, T&& message) { state.handle_cast(std::move(message)); };

/// In an error: the server's type, and the message that it has no handler for.
template <class S, class T>
struct handler_missing {
  static constexpr bool in_handle_call = answers<S, T> || answers_later<S, T>;
  static constexpr bool in_handle_cast = takes_cast<S, T>;
};

template <class S, class T>
struct call_traits {
  static_assert(handler_missing<S, T>::in_handle_call,
                "mote: this server has no handle_call for this message (both are named beside this error)");
  using type = void;
};
template <class S, class T>
requires(answers<S, T> && !answers_later<S, T>) struct call_traits<S, T> {
  using type = std::decay_t<decltype(std::declval<S&>().handle_call(std::declval<T>()))>;
};
template <class S, class T>
requires(answers_later<S, T> && !requires { typename T::reply; }) struct call_traits<S, T> {
  static_assert(sizeof(T) == 0,
                "mote: a handle_call that takes a mote::reply_to answers later: say what, by `using reply = ...;` in the "
                "message's struct");
  using type = void;
};
template <class S, class T>
requires(answers_later<S, T>&& requires { typename T::reply; }) struct call_traits<S, T> {
  using type = typename T::reply;
};

template <class Result>
using sent_result = std::conditional_t<std::is_void_v<Result>, done, Result>;

template <class S, class T>
void run_call(served& place, envelope& mail) {
  auto& cell = static_cast<server_cell<S>&>(place);
  T& asked = static_cast<for_server<S, server_message::call, T>*>(mail.payload())->value;
  if constexpr (answers_later<S, T>) {
    const reply_to from = accept_request(mail);
    mail.kind = envelope_kind::message;  // who answers, and what comes of it when nobody does, is settled
    cell.state().handle_call(from, std::move(asked));
  } else if constexpr (std::is_void_v<typename call_traits<S, T>::type>) {
    cell.state().handle_call(std::move(asked));
    answer_in_hand(cell, make_envelope(done{}));
  } else {
    answer_in_hand(cell, make_envelope(cell.state().handle_call(std::move(asked))));
  }
}

template <class S, class T>
void run_cast(served& place, envelope& mail) {
  static_cast<server_cell<S>&>(place).state().handle_cast(
      std::move(static_cast<for_server<S, server_message::cast, T>*>(mail.payload())->value));
}

template <class S, class Arguments>
void run_init(served& place, envelope& mail) {
  auto& cell = static_cast<server_cell<S>&>(place);
  auto& arguments = static_cast<for_server<S, server_message::init, Arguments>*>(mail.payload())->value;
  try {
    std::apply([&](auto&... values) { cell.make(std::move(values)...); }, arguments);
  } catch (...) {
    leave_starter();
    throw;
  }
  answer_in_hand(cell, make_envelope(done{}));
}

template <class S, class T>
inline constexpr addressed addressed_as<for_server<S, server_message::init, T>>{&message_type_of<server_tag<S>>,
                                                                               &run_init<S, T>};
template <class S, class T>
inline constexpr addressed addressed_as<for_server<S, server_message::call, T>>{&message_type_of<server_tag<S>>,
                                                                               &run_call<S, T>};
template <class S, class T>
inline constexpr addressed addressed_as<for_server<S, server_message::cast, T>>{&message_type_of<server_tag<S>>,
                                                                               &run_cast<S, T>};

// ---- other messages: handle_info, by the types its parameters name ----

struct has_info_name {
  int handle_info;
};
template <class S>
struct info_lookup : S, has_info_name {};
/// Whether S has anything called handle_info: then the name is ambiguous here.
template <class S>
concept has_info = !requires { &info_lookup<S>::handle_info; };
template <class S>
concept has_one_info = requires { &S::handle_info; };

template <class S>
struct infos_of {
  static_assert(!has_info<S>,
                "mote: this server's handle_info is overloaded or a template: name the types it takes, by `using infos = "
                "mote::messages<...>;` in its struct");
  using type = messages<>;
};
template <class S>
requires(has_one_info<S> && !requires { typename S::infos; }) struct infos_of<S> {
  using parameters = parameters_of<decltype(&S::handle_info)>;
  static_assert(!parameters::request, "mote: handle_info takes messages; for requests there is handle_call");
  using type = messages<typename parameters::message>;
};
template <class S>
requires requires { typename S::infos; }
struct infos_of<S> {
  using type = typename S::infos;
};

/// True: it was of this type and is handled.
template <class T, class S>
bool offer(S& state, envelope_ptr& mail) {
  if constexpr (std::is_same_v<T, any_message>) {
    if (mail->kind == envelope_kind::request) static_cast<void>(accept_request(*mail));
    state.handle_info(any_message(std::move(mail)));
    return true;
  } else {
    if (mail->kind == envelope_kind::request || !same_type(*mail->type, message_type_of<T>)) return false;
    state.handle_info(std::move(*static_cast<T*>(mail->payload())));
    return true;
  }
}

template <class S, class... Types>
bool offer_all(S& state, envelope_ptr& mail, messages<Types...>) {
  return (offer<Types>(state, mail) || ...);
}

template <class S>
void run_info(server_cell<S>& cell) {
  stop_if_told(*cell.in_hand);
  envelope_ptr mail(std::exchange(cell.in_hand, nullptr));
  if (offer_all(cell.state(), mail, typename infos_of<S>::type{})) return;
  cell.in_hand = mail.release();
  refuse_in_hand(cell, message_type_of<server_tag<S>>);
}

template <class S>
void server_cell<S>::run(void* place) {
  auto& cell = *static_cast<server_cell*>(place);
  envelope& mail = *cell.in_hand;
  const addressed* const to = mail.type->to_server;
  if (to != nullptr && same_type(*to->server, message_type_of<server_tag<S>>)) [[likely]] {
    return to->run(cell, mail);
  }
  run_info(cell);
}

// ---- starting and asking ----

template <class S, class... Args>
inline constexpr bool can_start = requires(S& made, Args&&... args) { made.init(std::move(args)...); } ||
                                  std::is_constructible_v<S, Args...> || requires(Args&&... args) { S{std::move(args)...}; };

template <class S, class... Args>
constexpr bool check_start() {
  static_assert(std::is_class_v<S>, "mote: a server is a struct with state and handlers");
  static_assert(can_start<S, Args...>,
                "mote: this server cannot be started with these arguments: neither its init() nor a constructor takes them");
  return (check_message<Args>() && ... && can_start<S, Args...>);
}

template <class S, class... Args>
pid start_server(const spawn_options* options, tie how, Args&&... args) {
  if constexpr (check_start<S, sent_as_t<Args>...>()) {
    using arguments = std::tuple<sent_as_t<Args>...>;
    envelope_ptr first(make_envelope(
        for_server<S, server_message::init, arguments>{arguments(std::forward<Args>(args)...)}, sizeof(std::uint64_t)));
    ref request;
    spawned made;
    {
      draft child(server_type_of<S>, options);
      ::new (child.place()) server_cell<S>();
      made = launch_server(child, how, first.release(), request);
    }
    await_start(request);
    return made.process;
  } else {
    return {};
  }
}

}  // namespace mote::detail
