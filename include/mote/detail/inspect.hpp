// Looks into a type: is it a value that owns all it reaches, and if not, which field of which struct is to blame?
// The answer is a type, found<flaw, where>, so that the compiler prints it whole when a static_assert fails on it.
#pragma once

#include <mote/detail/fields.hpp>
#include <mote/detail/flaws.hpp>
#include <mote/message_traits.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mote::detail {

/// The aggregates being looked into: a struct met again inside itself (through a container) adds nothing new.
template <class... Structs>
struct visited {};

template <flaw What, class Where>
struct found {
  static constexpr flaw what = What;
  using where = Where;
};
struct value_itself {};  ///< not a field of a struct
using fine = found<flaw::none, value_itself>;

/// A field of an aggregate, from 0; bases count as the first ones.
template <class Struct, std::size_t Index, class Type>
struct place {};

// The first flaw wins.
template <class Found>
constexpr auto operator+(fine, Found) -> Found;
template <flaw What, class Where, class Found>
requires(What != flaw::none) constexpr auto operator+(found<What, Where>, Found) -> found<What, Where>;

template <class T, class Visited>
struct inspection;

template <class T, class Visited = visited<>>
using inspect = typename inspection<T, Visited>::type;

template <class T>
concept decides = requires {
  message_traits<T>::owns_all;
};

template <class T>
inline constexpr bool is_std_allocator = false;
template <class T>
inline constexpr bool is_std_allocator<std::allocator<T>> = true;

template <class T>
concept stateless = std::is_empty_v<T> && std::is_trivially_copyable_v<T>;

/// One template argument of a type of std, by its role (see std_type).
template <char Role, class Argument, class Visited>
consteval auto inspect_argument() {
  if constexpr (Role == 'a') {
    return found < is_std_allocator<Argument> ? flaw::none : flaw::allocator, value_itself > {};
  } else if constexpr (Role == 'f') {
    return found < stateless<Argument> ? flaw::none : flaw::stateful_function, value_itself > {};
  } else if constexpr (Role == 'v') {
    return inspect<Argument, Visited>{};
  } else {
    return fine{};
  }
}
constexpr char role_of(std::string_view roles, std::size_t index) {
  return roles.empty() ? '-' : roles[index < roles.size() ? index : roles.size() - 1];
}

template <class T>
struct template_arguments {
  using types = type_list<>;
};
template <template <class...> class Template, class... Types>
struct template_arguments<Template<Types...>> {
  using types = type_list<Types...>;
};
template <template <class, std::size_t> class Template, class Type, std::size_t Size>
struct template_arguments<Template<Type, Size>> {
  using types = type_list<Type>;
};

template <class T, class Visited, class... Types, std::size_t... I>
consteval auto inspect_arguments(type_list<Types...>, std::index_sequence<I...>) {
  return decltype((fine{} + ... + inspect_argument<role_of(std_type_of<T>.roles, I), Types, Visited>())){};
}
template <class T, class Visited, class... Types>
consteval auto inspect_arguments(type_list<Types...> types) {
  return inspect_arguments<T, Visited>(types, std::index_sequence_for<Types...>{});
}

/// A flaw in a field belongs to this struct, unless the field is a struct itself and named one of its own.
template <class Struct, std::size_t Index, class Field, class Found>
consteval auto blame(Found in) {
  if constexpr (Found::what != flaw::none && std::is_same_v<typename Found::where, value_itself>) {
    return found<Found::what, place<Struct, Index, Field>>{};
  } else {
    return in;
  }
}
template <class T, class Visited, class... Fields, std::size_t... I>
consteval auto inspect_fields(type_list<Fields...>, std::index_sequence<I...>) {
  return decltype((fine{} + ... + blame<T, base_count<T> + I, Fields>(inspect<Fields, Visited>{}))){};
}
template <class T, class Visited, class... Fields>
consteval auto inspect_fields(type_list<Fields...> fields) {
  return inspect_fields<T, Visited>(fields, std::index_sequence_for<Fields...>{});
}

template <class Visited>
struct inspector {
  template <class Field>
  struct accepts : std::bool_constant<inspect<Field, Visited>::what == flaw::none> {};
};
/// Stands for a type that the compiler does not tell: of a base, or of a field behind one.
struct unnamed {};

template <class T, class Visited>
consteval auto inspect_with_bases() {
  if constexpr (!std::is_copy_constructible_v<T> || !std::is_copy_assignable_v<T>) {
    return found<flaw::base_class, value_itself>{};  // value_probe needs both
  } else {
    constexpr std::size_t refused = first_refused<T, inspector<Visited>::template accepts>();
    if constexpr (refused == element_count<T>) {
      return fine{};
    } else {
      return found<flaw::base_class, place<T, refused, unnamed>>{};
    }
  }
}

template <class T, class... Outer>
consteval auto inspect_aggregate(visited<Outer...>) {
  using inside = visited<T, Outer...>;
  if constexpr (element_count < T >> most_fields) {
    return found<flaw::too_many_fields, value_itself>{};
  } else if constexpr (binds<T>) {
    return inspect_fields<T, inside>(field_types<T>{});
  } else {
    return inspect_with_bases<T, inside>();
  }
}

template <class T, class... Outer>
inline constexpr bool is_one_of = (std::is_same_v<T, Outer> || ...);

template <class T, class... Outer>
consteval auto inspect_class(visited<Outer...> outer) {
  if constexpr (is_one_of<T, Outer...>) {
    return fine{};
  } else if constexpr (std_type_of<T>.wrong != not_known.wrong) {
    if constexpr (std_type_of<T>.wrong != flaw::none) {
      return found<std_type_of<T>.wrong, value_itself>{};
    } else {
      return inspect_arguments<T, visited<Outer...>>(typename template_arguments<T>::types{});
    }
  } else if constexpr (std::is_polymorphic_v<T>) {
    return found<flaw::polymorphic, value_itself>{};
  } else if constexpr (stateless<T>) {
    return fine{};
  } else if constexpr (std::is_aggregate_v<T>) {
    return inspect_aggregate<T>(outer);
  } else {
    return found < is_closure<T>() ? flaw::closure : flaw::private_state, value_itself > {};
  }
}

template <class T, class Visited>
consteval auto inspect_type() {
  if constexpr (std::is_reference_v<T>) {
    return found<flaw::reference, value_itself>{};
  } else if constexpr (std::is_volatile_v<T>) {
    return found<flaw::volatile_value, value_itself>{};
  } else if constexpr (std::is_void_v<T> || std::is_function_v<T>) {
    return found<flaw::no_object, value_itself>{};
  } else if constexpr (std::is_const_v<T>) {
    return inspect<std::remove_const_t<T>, Visited>{};
  } else if constexpr (std::is_array_v<T>) {
    return inspect<std::remove_extent_t<T>, Visited>{};
  } else if constexpr (decides<T>) {
    return found < message_traits<T>::owns_all ? flaw::none : flaw::refused, value_itself > {};
  } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T>) {
    return fine{};
  } else if constexpr (std::is_function_v<std::remove_pointer_t<T>> || std::is_member_function_pointer_v<T>) {
    return found<flaw::function_pointer, value_itself>{};
  } else if constexpr (std::is_union_v<T>) {
    return found<flaw::plain_union, value_itself>{};
  } else if constexpr (std::is_class_v<T>) {
    return inspect_class<T>(Visited{});
  } else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T> || std::is_member_pointer_v<T>) {
    return found<flaw::pointer, value_itself>{};
  } else {
    return fine{};  // what compilers add: __int128, vectors of the processor
  }
}

template <class T, class Visited>
struct inspection {
  using type = decltype(inspect_type<T, Visited>());
};

/// What is wrong with T as a message of its own, not as a part of one.
template <class T>
consteval auto inspect_message() {
  if constexpr (inspect<T>::what != flaw::none) {
    return inspect<T>{};
  } else if constexpr (std::is_array_v<T>) {
    return found<flaw::array, value_itself>{};
  } else if constexpr (!std::is_move_constructible_v<T> || !std::is_nothrow_destructible_v<T>) {
    return found<flaw::immovable, value_itself>{};
  } else {
    return fine{};
  }
}

}  // namespace mote::detail
