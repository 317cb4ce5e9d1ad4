// How many bases and fields an aggregate has, and what they are, by asking the compiler which initializers it takes.
// F1  An empty pair of braces initializes exactly one element, an array too: where all elements take one, counting is
//     easy.
// F2  An element that takes none (a reference, a class without a default constructor) is found with probes that convert
//     to anything; an array then takes one probe for each of its elements, so its extent is found and taken off.
// F3  Bases come first, and only they and a leading field of a base's type take a probe that converts to bases alone.
//     Such a field makes no difference: it is then checked as a base would be.
#pragma once

#include <mote/detail/bindings.hpp>

#include <cstddef>
#include <type_traits>
#include <utility>

namespace mote::detail {

template <class>
struct any_type : std::true_type {};

/// Converts to anything that Test accepts but T itself, so that T{probe} initializes T's first element.
template <class T, template <class> class Test = any_type>
struct probe {
  template <class Field>
  requires(!std::is_same_v<std::remove_cv_t<Field>, T> && Test<Field>::value) constexpr operator Field&()
      const& noexcept;
  template <class Field>
  requires(!std::is_same_v<std::remove_cv_t<Field>, T> && Test<Field>::value) constexpr operator Field&&()
      const&& noexcept;
};

template <class Base, class T>
concept base_of = !std::is_const_v<Base> && !std::is_same_v<Base, T> && std::is_base_of_v<Base, T>;

/// Converts to the bases of T that Test accepts.
template <class T, template <class> class Test>
struct base_probe {
  template <class Base>
  requires(base_of<Base, T>&& Test<Base>::value) constexpr operator Base&&() const noexcept;
};

/// Converts to values that Test accepts. A reference can be made from it too, but only in a class that cannot be copied
/// or assigned: whoever uses this asks for both.
template <class T, template <class> class Test>
struct value_probe {
  template <class Field>
  requires(!std::is_const_v<Field> && !std::is_same_v<Field, T> && Test<Field>::value) constexpr operator Field&&()
      const noexcept;
};

template <std::size_t, class T>
using repeat = T;

/// Whether T{front..., probe * Count, {probe * Nested}, probe * Rest} is well-formed.
template <class T, class... Front, std::size_t... Probes>
consteval bool takes_probes(type_list<Front...>, std::index_sequence<Probes...>) {
  return requires { T{std::declval<Front>()..., repeat<Probes, probe<T>>()...}; };
}
template <class T, std::size_t... Before, std::size_t... Nested, std::size_t... After>
consteval bool takes_nested(std::index_sequence<Before...>, std::index_sequence<Nested...>,
                            std::index_sequence<After...>) {
  return requires { T{repeat<Before, probe<T>>()..., {repeat<Nested, probe<T>>()...}, repeat<After, probe<T>>()...}; };
}

/// More probes than this are not tried: an array this long in a struct that F1 does not cover.
inline constexpr std::size_t most_probes = 192;
inline constexpr std::size_t too_many = most_probes + 1;

// The numbers of probes that T takes are an interval: from where its last required element is served to where none is
// left.
template <class T, std::size_t Count = 0>
consteval std::size_t fewest_probes() {
  if constexpr (Count > most_probes || takes_probes<T>(type_list<>{}, std::make_index_sequence<Count>{})) {
    return Count;
  } else {
    return fewest_probes<T, Count + 1>();
  }
}
template <class T, std::size_t Count>
consteval std::size_t most_probes_from() {
  if constexpr (Count > most_probes || !takes_probes<T>(type_list<>{}, std::make_index_sequence<Count + 1>{})) {
    return Count;
  } else {
    return most_probes_from<T, Count + 1>();
  }
}
template <class T>
inline constexpr std::size_t probes_taken = most_probes_from<T, fewest_probes<T>()>();

// With all probes in place but those of the element at `Before`, which gets a pair of braces: if that element takes one
// probe, all others still fit; if it is an array of n, only n fewer do.
template <class T, std::size_t Before, std::size_t After, std::size_t Nested = 0>
consteval bool fits_braces() {
  using std::make_index_sequence;
  if constexpr (takes_nested<T>(make_index_sequence<Before>{}, make_index_sequence<Nested>{},
                                make_index_sequence<After>{})) {
    return true;
  } else if constexpr (Nested < 4) {
    return fits_braces<T, Before, After, Nested + 1>();
  } else {
    return false;
  }
}
template <class T, std::size_t Before, std::size_t Total, std::size_t Extent = 1>
consteval std::size_t probes_of_element() {
  if constexpr (Before + Extent > Total) {
    return 1;  // takes no braces at all: a reference, or a class that is hard to please; never an array of values
  } else if constexpr (fits_braces<T, Before, Total - Before - Extent>()) {
    return Extent;
  } else {
    return probes_of_element<T, Before, Total, Extent + 1>();
  }
}
template <class T, std::size_t Before = 0>
consteval std::size_t elements_by_probes() {
  if constexpr (Before >= probes_taken<T>) {
    return 0;
  } else {
    return 1 + elements_by_probes<T, Before + probes_of_element<T, Before, probes_taken<T>>()>();
  }
}

template <class T, std::size_t Count = 0>
consteval std::size_t elements_by_braces() {
  if constexpr (Count == most_fields) {
    return Count;
  } else if constexpr (!bindings<Count + 1>::template braces<T>) {
    return Count;
  } else {
    return elements_by_braces<T, Count + 1>();
  }
}

// F1 covers T when every element takes braces: nothing more, a probe, fits behind as many as it takes.
template <class T>
inline constexpr bool all_take_braces =
    bindings<0>::braces<T> && !bindings<elements_by_braces<T>()>::template braces<T, probe<T>>;

template <class T>
consteval std::size_t count_elements() {
  if constexpr (std::is_empty_v<T>) {
    return 0;
  } else if constexpr (all_take_braces<T>) {
    return elements_by_braces<T>();
  } else if constexpr (bindings<0>::braces<T> && elements_by_braces<T>() == most_fields) {
    return too_many;
  } else if constexpr (probes_taken<T> > most_probes) {
    return too_many;
  } else {
    return elements_by_probes<T>();
  }
}

/// Bases and fields together; too_many when there are more than can be told.
template <class T>
inline constexpr std::size_t element_count = count_elements<T>();

/// Probes behind `front` of them that satisfy every element.
template <class T>
consteval std::size_t padding(std::size_t front) {
  if constexpr (all_take_braces<T>) {
    return 0;
  } else {
    return front < probes_taken<T> ? probes_taken<T> - front : 0;
  }
}

/// Whether the first elements of T are Count bases that Test accepts.
template <class T, template <class> class Test, std::size_t... Bases>
consteval bool starts_with_bases(std::index_sequence<Bases...>) {
  return takes_probes<T>(type_list<repeat<Bases, base_probe<T, Test>>...>{},
                         std::make_index_sequence<padding<T>(sizeof...(Bases))>{});
}
template <class T, template <class> class Test, std::size_t Count = 0>
consteval std::size_t count_bases() {
  if constexpr (Count >= element_count<T>) {
    return Count;
  } else if constexpr (starts_with_bases<T, Test>(std::make_index_sequence<Count + 1>{})) {
    return count_bases<T, Test, Count + 1>();
  } else {
    return Count;
  }
}
/// The bases of T, and its leading fields of a base's type if any.
template <class T>
inline constexpr std::size_t base_count = count_bases<T, any_type>();

/// Whether bindings of all fields are possible: no base, or one and it is empty.
template <class T>
inline constexpr bool binds = base_count<T> == 0 || (base_count<T> == 1 && count_bases<T, std::is_empty>() == 1);

template <class T>
inline constexpr std::size_t field_count = element_count<T> - base_count<T>;

/// The declared types of T's fields, as type_list, where binds<T>.
template <class T>
using field_types = decltype(bindings<field_count<T>>::types(std::declval<T&>()));

/// Calls visitor(field...) with the fields of an aggregate whose bindings are possible; no bit-fields.
template <class T, class Visitor>
constexpr decltype(auto) visit_fields(T& object, Visitor&& visitor) {
  return bindings<field_count<std::remove_const_t<T>>>::visit(object, std::forward<Visitor>(visitor));
}

// Where bindings are impossible, elements are tested in place. Parentheses, unlike braces, give each element exactly
// one initializer, so a probe that an element refuses cannot slip into that element's own first field.
template <class T, class Strict, class... Front, std::size_t... Tested, std::size_t... Rest>
consteval bool takes_in_parentheses(type_list<Front...>, std::index_sequence<Tested...>, std::index_sequence<Rest...>) {
  return requires { T(std::declval<Front>()..., repeat<Tested, Strict>()..., repeat<Rest, probe<T>>()...); };
}

/// The first of T's elements that Test refuses, bases first; element_count<T> when it accepts them all. For a class
/// with an array or a move-only element the answer may be the first.
template <class T, template <class> class Test, std::size_t Index = 0>
consteval std::size_t first_refused() {
  constexpr std::size_t count = element_count<T>;
  constexpr auto takes = []<std::size_t... B>(std::index_sequence<B...>, auto tested, auto rest) {
    return takes_in_parentheses<T, value_probe<T, Test>>(type_list<repeat<B, base_probe<T, Test>>...>{}, tested, rest);
  };
  constexpr std::size_t next = Index + 1;
  constexpr std::size_t bases = next < base_count<T> ? next : base_count<T>;
  if constexpr (Index == 0 && takes(std::make_index_sequence<base_count<T>>{},
                                    std::make_index_sequence<count - base_count<T>>{}, std::index_sequence<>{})) {
    return count;
  } else if constexpr (Index < count &&
                       takes(std::make_index_sequence<bases>{}, std::make_index_sequence<next - bases>{},
                             std::make_index_sequence<(next < count ? count - next : 0)>{})) {
    return first_refused<T, Test, next>();
  } else {
    return Index < count ? Index : 0;
  }
}

}  // namespace mote::detail
