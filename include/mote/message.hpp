// What may be sent: a value that owns all it reaches, so that a copy or a move leaves the sender with nothing of it.
//
// By themselves qualify: arithmetic types, enums, std::byte, std::string and its kin, the standard containers with
// std::allocator and stateless comparators, std::array, pair, tuple, optional, variant, chrono's durations and time
// points, bitset, complex, error_code, filesystem::path, mote's own values, and aggregates of such: their fields are
// looked into one by one, up to 64, at any depth, recursive ones too. Other classes opt in by message_traits.
// Pointers, references, views, shared_ptr and unique_ptr, atomics, mutexes, threads, std::function, lambdas with
// captures, unions, and containers with another allocator do not compile, and the error names the field.
// See docs/design/message.md.
#pragma once

#include <mote/detail/inspect.hpp>
#include <mote/detail/message_type.hpp>
#include <mote/detail/report.hpp>
#include <mote/message_traits.hpp>
#include <mote/type_name.hpp>

#include <string>
#include <type_traits>

namespace mote {

/// T can be sent: a movable value that owns all it reaches. T is complete, or the program is ill-formed.
template <class T>
concept message = decltype(detail::inspect_message<T>())::what == detail::flaw::none;

namespace detail {

template <class T>
struct sent_as {
  using type = std::decay_t<T>;
};
template <class Char, std::size_t Size>
requires(std::is_same_v<Char, char> || std::is_same_v<Char, wchar_t> || std::is_same_v<Char, char8_t> ||
         std::is_same_v<Char, char16_t> || std::is_same_v<Char, char32_t>) struct sent_as<const Char (&)[Size]> {
  using type = std::basic_string<Char>;
};

/// The type that an argument `T&&` travels as: decayed, and a string literal as std::string (up to its first zero). A
/// char array of the caller's decays to char*, which is no message.
template <class T>
using sent_as_t = typename sent_as<T&&>::type;

/// A plain function, or a function object without state: a lambda without captures, say.
template <class Function>
concept plain_function = (std::is_pointer_v<Function> && std::is_function_v<std::remove_pointer_t<Function>>) ||
                         (std::is_class_v<Function> && std::is_empty_v<Function>);

}  // namespace detail

/// What a process can run: a plain function or a function object without state, called with its own copies of the
/// arguments as rvalues: its parameters are values, const references or rvalue references.
template <class Function, class... Args>
concept process_function = detail::plain_function<std::decay_t<Function>> &&(message<detail::sent_as_t<Args>>&&...) &&
                           std::is_invocable_v<std::decay_t<Function>&, detail::sent_as_t<Args>...>;

namespace detail {

/// Stops the compiler with a text of ours unless process_function<Function, Args...>; returns whether it is.
template <class Function, class... Args>
constexpr bool check_process_function() {
  using function = std::decay_t<Function>;
  static_assert(!std::is_member_pointer_v<function>,
                "mote: a process cannot run a member function; pass a lambda without captures that calls it on an "
                "object given as an argument");
  static_assert(std::is_member_pointer_v<function> || plain_function<function>,
                "mote: a process's function must have no captures and no state, which would share memory with the "
                "spawner; pass what it needs as arguments");
  (static_cast<void>(check_message<sent_as_t<Args>>()), ...);
  if constexpr (plain_function<function> && (message<sent_as_t<Args>> && ...)) {
    static_assert(std::is_invocable_v<function&, sent_as_t<Args>...>,
                  "mote: a process's function cannot be called with these arguments; each is moved in as a value, so a "
                  "parameter may be T, const T& or T&&, and never T&");
    return std::is_invocable_v<function&, sent_as_t<Args>...>;
  }
  return false;
}

}  // namespace detail

}  // namespace mote
