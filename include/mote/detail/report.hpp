// Says why a type cannot be sent. Each error text begins with "mote:", and stands beside the type's struct, field and
// name: gcc and clang print the arguments of cannot_be_sent.
#pragma once

#include <mote/detail/crossing.hpp>

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace mote::detail {

/// An object that is named but never made: its fields' addresses carry their names.
template <class T>
struct example {
  T of;
};
template <class T>
extern const example<T> example_message;

struct no_name {};

/// The address of a field, if it has one that a template argument can be made of: not of a reference.
template <class Struct, std::size_t Index>
consteval auto name_of_field() {
  if constexpr (binds<Struct> && Index >= base_count<Struct>) {
    constexpr std::size_t bound = Index - base_count<Struct>;
    if constexpr (requires {
                    typename std::integral_constant<
                        bool, (bindings<field_count<Struct>>::template where<bound>(example_message<Struct>.of), true)>;
                  }) {
      return bindings<field_count<Struct>>::template where<bound>(example_message<Struct>.of);
    } else {
      return no_name{};
    }
  } else {
    return no_name{};
  }
}

/// In an error: the struct, which field of it (from 0, bases included), the field's name, and its type.
template <class Struct, std::size_t Index, auto Name, class Type>
struct field;
/// In an error: the type that is no message, which is not a field of a struct.
template <class Type>
struct type;

template <class T, class Where>
struct described {
  using as = type<T>;
};
template <class T, class Struct, std::size_t Index, class Type>
struct described<T, place<Struct, Index, Type>> {
  using as = field<Struct, Index, name_of_field<Struct, Index>(), Type>;
};

template <flaw What, class Culprit>
struct cannot_be_sent {
  static_assert(What != flaw::pointer,
                "mote: a pointer shares memory and cannot be sent; send the value itself, std::string or mote::bytes");
  static_assert(What != flaw::function_pointer,
                "mote: a function pointer cannot be sent; send an enum, or spawn a process that runs the function");
  static_assert(What != flaw::reference, "mote: a reference shares memory and cannot be sent; send the value itself");
  static_assert(What != flaw::shared_pointer,
                "mote: a shared pointer shares memory and cannot be sent; send the value itself, mote::bytes for large "
                "data, or mote::unsafe_share to share on purpose");
  static_assert(What != flaw::smart_pointer,
                "mote: a pointer cannot be sent, not even std::unique_ptr; send the value itself, or std::optional or "
                "std::vector of it");
  static_assert(What != flaw::view,
                "mote: a view shares memory and cannot be sent; send std::string, a container or mote::bytes");
  static_assert(What != flaw::synchronization,
                "mote: atomics, mutexes and the like are for shared memory and cannot be sent; send a plain value");
  static_assert(What != flaw::thread, "mote: threads, futures and promises cannot be sent; use processes and messages");
  static_assert(
      What != flaw::type_erasure,
      "mote: std::function and std::any hide what they hold and cannot be sent; send a struct, std::variant or "
      "a lambda without captures");
  static_assert(What != flaw::closure,
                "mote: a lambda's captures cannot be checked, so it cannot be sent; send a struct instead");
  static_assert(What != flaw::allocator,
                "mote: a container with another allocator than std::allocator may share memory and cannot be sent");
  static_assert(What != flaw::stateful_function,
                "mote: a container whose comparator or hash has state cannot be sent; use an empty function object");
  static_assert(What != flaw::volatile_value, "mote: a volatile value cannot be sent");
  static_assert(What != flaw::plain_union, "mote: a union cannot be looked into and cannot be sent; use std::variant");
  static_assert(What != flaw::polymorphic,
                "mote: a class with virtual functions cannot be looked into; specialise mote::message_traits for it if "
                "it owns all it reaches");
  static_assert(What != flaw::private_state,
                "mote: a class with private state or constructors cannot be looked into; make it an aggregate, or "
                "specialise mote::message_traits for it if it owns all it reaches");
  static_assert(What != flaw::base_class,
                "mote: a base, or a field in a struct with a base, cannot be sent or be looked into; make the base a "
                "field, or specialise mote::message_traits for the struct");
  static_assert(
      What != flaw::too_many_fields,
      "mote: a struct with more than 64 fields, or with a large array beside fields without a default, cannot "
      "be looked into; group fields into structs, or use std::array");
  static_assert(What != flaw::array,
                "mote: an array cannot be sent as such; send std::array, std::vector or std::string");
  static_assert(What != flaw::refused, "mote: mote::message_traits says that this type must not be sent");
  static_assert(What != flaw::immovable,
                "mote: a message must be movable, and its destructor must not throw; this type cannot be sent");
  static_assert(What != flaw::no_object, "mote: only an object can be sent, no void and no function");
  static_assert(What != flaw::no_codec,
                "mote: this cannot cross to another OS process: give its mote::message_traits encode and decode, or "
                "send something else");
  static constexpr bool reported = true;
};

template <class T>
constexpr bool check_message();

/// Converts to what the refused base or field is, whose own report the compiler then makes.
template <class T>
struct telling_probe {
  template <class Field>
  requires(!std::is_const_v<Field> && !std::is_same_v<Field, T>) operator Field&&() const noexcept {
    static_cast<void>(check_message<Field>());
    std::terminate();
  }
};
template <class T, std::size_t... Before, std::size_t... After>
void tell(std::index_sequence<Before...>, std::index_sequence<After...>) {
  if constexpr (requires { T(repeat<Before, probe<T>>()..., telling_probe<T>(), repeat<After, probe<T>>()...); }) {
    static_cast<void>(T(repeat<Before, probe<T>>()..., telling_probe<T>(), repeat<After, probe<T>>()...));
  }
}
template <class Where>
void tell_more(Where) {}
template <class T, std::size_t Index>
void tell_more(place<T, Index, unnamed>) {
  tell<T>(std::make_index_sequence<Index>{}, std::make_index_sequence<element_count<T> - Index - 1>{});
}

/// Stops the compiler with one of these texts unless T is a message; returns whether it is.
template <class T>
constexpr bool check_message() {
  using found_in = decltype(inspect_message<T>());
  if constexpr (found_in::what == flaw::none) {
    return true;
  } else {
    tell_more(typename found_in::where{});
    return !cannot_be_sent<found_in::what, typename described<T, typename found_in::where>::as>::reported;
  }
}

/// Stops the compiler with one of these texts unless T is a message that can cross to another OS process; returns whether.
template <class T>
constexpr bool check_crossing() {
  if constexpr (check_message<T>()) {
    using found_in = decltype(inspect_crossing<T>());
    if constexpr (found_in::what == flaw::none) return true;
    else return !cannot_be_sent<found_in::what, typename described<T, typename found_in::where>::as>::reported;
  }
  return false;
}

}  // namespace mote::detail
