// How receive finds the handler for a message, at compile time by its parameter's type.
#pragma once

namespace mote::detail {

template <class Signature>
struct parameters_of;
template <class R, class C, class A>
struct parameters_of<R (C::*)(A) const> {
  using message = std::decay_t<A>;
  static constexpr bool request = false;
};
template <class R, class C, class A>
struct parameters_of<R (C::*)(A)> : parameters_of<R (C::*)(A) const> {};
template <class R, class C, class A>
struct parameters_of<R (C::*)(A) const noexcept> : parameters_of<R (C::*)(A) const> {};
template <class R, class C, class A>
struct parameters_of<R (C::*)(A) noexcept> : parameters_of<R (C::*)(A) const> {};
template <class R, class A>
struct parameters_of<R (*)(A)> {
  using message = std::decay_t<A>;
  static constexpr bool request = false;
};
template <class R, class A>
struct parameters_of<R (*)(A) noexcept> : parameters_of<R (*)(A)> {};
template <class R, class C, class F, class A>
struct parameters_of<R (C::*)(F, A) const> {
  static_assert(std::is_same_v<std::decay_t<F>, reply_to>, "a handler of two parameters takes (mote::reply_to, T)");
  using message = std::decay_t<A>;
  static constexpr bool request = true;
};
template <class R, class C, class F, class A>
struct parameters_of<R (C::*)(F, A)> : parameters_of<R (C::*)(F, A) const> {};
template <class R, class F, class A>
struct parameters_of<R (*)(F, A)> : parameters_of<R (detail::envelope::*)(F, A) const> {};

template <class Handler>
struct handler_traits : parameters_of<decltype(&Handler::operator())> {};
template <class R, class... A>
struct handler_traits<R (*)(A...)> : parameters_of<R (*)(A...)> {};

ref send_request(pid to, envelope* mail);
envelope_ptr wait_reply(ref request, std::uint64_t deadline_ns);
void send_reply(const reply_to& to, envelope* mail);
/// Who asks, of a request in the caller's hands.
reply_to asker_in(envelope& mail);
/// As asker_in, for a request about to be taken out of the mailbox: the caller owes the answer from now on. Throws
/// std::bad_alloc; then the request stays where it is.
reply_to accept_request(envelope& mail);
[[noreturn]] void wrong_reply_type(const message_type& wanted, const message_type& got);

inline reply_to take_asker(mailbox_scan& scan) { return accept_request(scan.current()); }

// One case of a receive: does it take this message, and what does its handler return?
template <class Handler>
struct receive_case {
  using handler = Handler;
  using traits = handler_traits<Handler>;
  using message = typename traits::message;
  static constexpr bool any = std::is_same_v<message, any_message>;

  static bool matches(const Handler&, envelope& mail) noexcept {
    if constexpr (any) {
      return true;
    } else {
      return (mail.kind == envelope_kind::request) == traits::request && same_type(*mail.type, message_type_of<message>);
    }
  }
  template <class Scan>
  static decltype(auto) call(Handler& run, Scan& scan) {
    if constexpr (any) {
      if (scan.current().kind == envelope_kind::request) static_cast<void>(take_asker(scan));
      return run(any_message(scan.take()));
    } else if constexpr (traits::request) {
      const reply_to from = take_asker(scan);
      return run(from, open_envelope<message>(scan.take()));
    } else {
      return run(open_envelope<message>(scan.take()));
    }
  }
};

template <class Predicate, class Handler>
struct receive_case<guarded<Predicate, Handler>> {
  using inner = receive_case<Handler>;
  using handler = Handler;

  static bool matches(const guarded<Predicate, Handler>& both, envelope& mail) {
    static_assert(!inner::any, "when() guards one type of message");
    return inner::matches(both.handler, mail) &&
           both.predicate(std::as_const(*static_cast<typename inner::message*>(mail.payload())));
  }
  template <class Scan>
  static decltype(auto) call(guarded<Predicate, Handler>& both, Scan& scan) {
    return inner::call(both.handler, scan);
  }
};

template <class T>
inline constexpr bool is_timeout = false;
template <class Handler>
inline constexpr bool is_timeout<timeout_case<Handler>> = true;

template <class Case>
struct case_result {
  using type = decltype(receive_case<Case>::call(std::declval<Case&>(), std::declval<mailbox_scan&>()));
};
template <class Handler>
struct case_result<timeout_case<Handler>> {
  using type = decltype(std::declval<Handler&>()());
};

// The handlers' common type. A handler that never returns a value (it ends the process) may be mixed only with void ones.
template <class... Types>
struct common_result {
  using type = std::common_type_t<Types...>;
};
template <class... Types>
  requires(std::is_void_v<Types> || ...)
struct common_result<Types...> {
  static_assert((std::is_void_v<Types> && ...), "either every handler of a receive returns a value, or none does");
  using type = void;
};

template <class Case>
bool case_matches(Case& one, envelope& mail) {
  if constexpr (is_timeout<Case>) {
    return false;
  } else {
    return receive_case<Case>::matches(one, mail);
  }
}

// The index of the first case that takes the message, or -1.
template <class... Cases>
int matching_case(envelope& mail, Cases&... cases) {
  int index = 0;
  return ((case_matches(cases, mail) || (++index, false)) || ...) ? index : -1;
}

template <class Result, class Scan, class First, class... Rest>
Result call_case(int index, Scan& scan, First& first, Rest&... rest) {
  if constexpr (sizeof...(Rest) != 0) {
    if (index != 0) return call_case<Result>(index - 1, scan, rest...);
  }
  if constexpr (is_timeout<First>) {
    __builtin_unreachable();
  } else {
    return static_cast<Result>(receive_case<First>::call(first, scan));
  }
}

template <class Result, class First, class... Rest>
Result run_timeout(First& first, Rest&... rest) {
  if constexpr (is_timeout<First>) {
    return static_cast<Result>(first.handler());
  } else if constexpr (sizeof...(Rest) != 0) {
    return run_timeout<Result>(rest...);
  } else {
    __builtin_unreachable();
  }
}

template <class Scan, class Case>
std::uint64_t case_deadline(const Case& one) {
  if constexpr (is_timeout<Case>) {
    return Scan::deadline_after(one.delay);
  } else {
    return no_deadline;
  }
}

template <class... Cases>
using received_by = typename common_result<typename case_result<std::decay_t<Cases>>::type...>::type;

/// scan: of the mailbox, at its beginning.
template <class Scan, class... Cases>
auto receive_cases_in(Scan& scan, Cases&&... cases) -> received_by<Cases...> {
  using result = received_by<Cases...>;
  static_assert((int{is_timeout<std::decay_t<Cases>>} + ...) <= 1, "a receive has one after() at most");
  const std::uint64_t deadline = std::min({case_deadline<Scan>(cases)...});
  for (;;) {
    while (envelope* mail = scan.next()) {
      const int index = matching_case(*mail, cases...);
      if (index >= 0) return call_case<result>(index, scan, cases...);
    }
    if (!scan.more(deadline)) return run_timeout<result>(cases...);
  }
}

template <class... Cases>
auto receive_cases(Cases&&... cases) -> received_by<Cases...> {
  mailbox_scan scan;
  return receive_cases_in(scan, std::forward<Cases>(cases)...);
}

template <class Answer>
Answer take_reply(envelope_ptr mail) {
  if (!same_type(*mail->type, message_type_of<Answer>)) wrong_reply_type(message_type_of<Answer>, *mail->type);
  return open_envelope<Answer>(std::move(mail));
}

}  // namespace mote::detail
