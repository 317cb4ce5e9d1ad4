// Looks into a message: can it cross to another OS process, and if not, which field of which struct is to blame? As
// inspect.hpp, whose answers this gives; only for types that are messages.
#pragma once

#include <mote/detail/inspect.hpp>

#include <array>
#include <string_view>
#include <type_traits>
#include <utility>

namespace mote::detail {

/// A class that says itself how it crosses.
template <class T>
concept has_codec = requires(const T& value, encoder& out, decoder& in) {
  message_traits<T>::encode(value, out);
  { message_traits<T>::decode(in) } -> std::same_as<T>;
};

/// How a type of namespace std crosses.
enum class std_codec { none, sequence, single_list, table, array, tuple, optional, variant, raw, duration, moment, path, error };

consteval std_codec std_codec_of(std::string_view name) {
  struct known {
    std::string_view name;
    std_codec how;
  };
  constexpr known all[] = {
      {"basic_string", std_codec::sequence}, {"vector", std_codec::sequence}, {"deque", std_codec::sequence},
      {"list", std_codec::sequence}, {"forward_list", std_codec::single_list}, {"set", std_codec::table},
      {"multiset", std_codec::table}, {"map", std_codec::table}, {"multimap", std_codec::table},
      {"unordered_set", std_codec::table}, {"unordered_multiset", std_codec::table},
      {"unordered_map", std_codec::table}, {"unordered_multimap", std_codec::table}, {"array", std_codec::array},
      {"pair", std_codec::tuple}, {"tuple", std_codec::tuple}, {"optional", std_codec::optional},
      {"variant", std_codec::variant}, {"complex", std_codec::raw}, {"bitset", std_codec::raw},
      {"chrono::duration", std_codec::duration}, {"chrono::time_point", std_codec::moment},
      {"chrono::day", std_codec::raw}, {"chrono::month", std_codec::raw}, {"chrono::year", std_codec::raw},
      {"chrono::weekday", std_codec::raw}, {"chrono::year_month", std_codec::raw},
      {"chrono::month_day", std_codec::raw}, {"chrono::year_month_day", std_codec::raw},
      {"strong_ordering", std_codec::raw}, {"weak_ordering", std_codec::raw}, {"partial_ordering", std_codec::raw},
      {"filesystem::path", std_codec::path}, {"filesystem::__cxx11::path", std_codec::path},
      {"error_code", std_codec::error},
  };
  for (const known& each : all) {
    if (each.name == name) return each.how;
  }
  return std_codec::none;
}
template <class T>
inline constexpr std_codec std_codec_for = std_codec_of(std_type_of<T>.name);

template <class T, class Visited>
struct crossing;
template <class T, class Visited = visited<>>
using cross = typename crossing<T, Visited>::type;

using no_codec = found<flaw::no_codec, value_itself>;

template <char Role, class Argument, class Visited>
consteval auto cross_argument() {
  if constexpr (Role == 'v') {
    return cross<Argument, Visited>{};
  } else {
    return fine{};
  }
}
template <class T, class Visited, class... Types, std::size_t... I>
consteval auto cross_arguments(type_list<Types...>, std::index_sequence<I...>) {
  return decltype((fine{} + ... + cross_argument<role_of(std_type_of<T>.roles, I), Types, Visited>())){};
}
template <class T, class Visited, class... Types>
consteval auto cross_arguments(type_list<Types...> types) {
  return cross_arguments<T, Visited>(types, std::index_sequence_for<Types...>{});
}

template <class T, class... Fields>
consteval bool can_be_made(type_list<Fields...>) {
  return std::is_default_constructible_v<T> || requires { T{std::declval<Fields>()...}; };
}
template <class T, class Visited, class... Fields, std::size_t... I>
consteval auto cross_fields(type_list<Fields...>, std::index_sequence<I...>) {
  return decltype((fine{} + ... + blame<T, base_count<T> + I, Fields>(cross<Fields, Visited>{}))){};
}
template <class T, class Visited, class... Fields>
consteval auto cross_fields(type_list<Fields...> fields) {
  if constexpr (!can_be_made<T>(fields)) {
    return no_codec{};
  } else {
    return cross_fields<T, Visited>(fields, std::index_sequence_for<Fields...>{});
  }
}

template <class T, class... Outer>
consteval auto cross_class(visited<Outer...>) {
  if constexpr (is_one_of<T, Outer...>) {
    return fine{};
  } else if constexpr (std_type_of<T>.wrong != not_known.wrong) {
    if constexpr (std_codec_for<T> == std_codec::none) {
      return no_codec{};
    } else {
      return cross_arguments<T, visited<Outer...>>(typename template_arguments<T>::types{});
    }
  } else if constexpr (stateless<T>) {
    return fine{};
  } else if constexpr (std::is_aggregate_v<T>) {
    if constexpr (binds<T>) {
      return cross_fields<T, visited<T, Outer...>>(field_types<T>{});
    } else {
      return no_codec{};  // the compiler does not tell what lies behind a base
    }
  } else {
    return no_codec{};
  }
}

template <class T, class Visited>
consteval auto cross_type() {
  if constexpr (std::is_const_v<T>) {
    return cross<std::remove_const_t<T>, Visited>{};
  } else if constexpr (std::is_array_v<T>) {
    return cross<std::remove_extent_t<T>, Visited>{};
  } else if constexpr (decides<T>) {
    return found < has_codec<T> ? flaw::none : flaw::no_codec, value_itself > {};
  } else if constexpr (std::is_class_v<T>) {
    return cross_class<T>(Visited{});
  } else {
    return fine{};
  }
}

template <class T, class Visited>
struct crossing {
  using type = decltype(cross_type<T, Visited>());
};

/// What keeps T from crossing to another OS process; what keeps it from being a message comes first.
template <class T>
consteval auto inspect_crossing() {
  if constexpr (decltype(inspect_message<T>())::what != flaw::none) {
    return decltype(inspect_message<T>()){};
  } else {
    return cross<T>{};
  }
}

}  // namespace mote::detail

namespace mote {

/// T can cross to another OS process: a message, all of whose parts mote can look into or that say how they cross.
template <class T>
concept crossing_message = decltype(detail::inspect_crossing<T>())::what == detail::flaw::none;

}  // namespace mote
