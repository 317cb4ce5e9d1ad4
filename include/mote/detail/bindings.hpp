// The fields of an aggregate by structured bindings, written out for each number of fields up to 64, since C++20 has no
// packs in bindings. Only fields.hpp uses this; it finds the number first, as a wrong one is an error nobody can catch.
#pragma once

#include <cstddef>
#include <utility>

namespace mote::detail {

template <class... Types>
struct type_list {};

/// An address as a template argument; both compilers print it with the field's name.
template <class Pointer>
struct address {
  Pointer of;
};
template <class Pointer>
address(Pointer) -> address<Pointer>;

inline constexpr std::size_t most_fields = 64;

/// The bindings of an aggregate of Count elements:
/// braces<T, Back...>  whether T{{}, {}, ..., back...} is well-formed, with Count pairs of braces before the back.
/// types<T>            returns type_list of the declared types, references and const included.
/// visit               calls visitor(field...) with lvalues.
/// where<I>            the address of field I, for a constant expression; no bit-field and no reference.
template <std::size_t Count>
struct bindings;

template <>
struct bindings<0> {
  template <class T, class... Back>
  static constexpr bool braces = requires {
    T{std::declval<Back>()...};
  };
  template <class T>
  static type_list<> types(T&);
  template <class T, class Visitor>
  static constexpr decltype(auto) visit(T&, Visitor&& visitor) {
    return std::forward<Visitor>(visitor)();
  }
};

// clang-format off
// L: the names of one group of up to eight, f(name, index) each, with s() between. H: the full groups before it.
#define MOTE_L1(f, s, p, q) f(p##0, q)
#define MOTE_L2(f, s, p, q) MOTE_L1(f, s, p, q) s() f(p##1, q + 1)
#define MOTE_L3(f, s, p, q) MOTE_L2(f, s, p, q) s() f(p##2, q + 2)
#define MOTE_L4(f, s, p, q) MOTE_L3(f, s, p, q) s() f(p##3, q + 3)
#define MOTE_L5(f, s, p, q) MOTE_L4(f, s, p, q) s() f(p##4, q + 4)
#define MOTE_L6(f, s, p, q) MOTE_L5(f, s, p, q) s() f(p##5, q + 5)
#define MOTE_L7(f, s, p, q) MOTE_L6(f, s, p, q) s() f(p##6, q + 6)
#define MOTE_L8(f, s, p, q) MOTE_L7(f, s, p, q) s() f(p##7, q + 7)
#define MOTE_H0(f, s)
#define MOTE_H1(f, s) MOTE_L8(f, s, a, 0) s()
#define MOTE_H2(f, s) MOTE_H1(f, s) MOTE_L8(f, s, b, 8) s()
#define MOTE_H3(f, s) MOTE_H2(f, s) MOTE_L8(f, s, c, 16) s()
#define MOTE_H4(f, s) MOTE_H3(f, s) MOTE_L8(f, s, d, 24) s()
#define MOTE_H5(f, s) MOTE_H4(f, s) MOTE_L8(f, s, e, 32) s()
#define MOTE_H6(f, s) MOTE_H5(f, s) MOTE_L8(f, s, g, 40) s()
#define MOTE_H7(f, s) MOTE_H6(f, s) MOTE_L8(f, s, h, 48) s()
#define MOTE_COMMA() ,
#define MOTE_NOTHING()
#define MOTE_NAME(x, n) x
#define MOTE_TYPE(x, n) decltype(x)
#define MOTE_BRACES(x, n) {}
#define MOTE_PICK(x, n) if constexpr (I == n) return address{&x};

#define MOTE_BINDINGS(groups, rest, p)                                                                             \
  template <>                                                                                                      \
  struct bindings<groups * 8 + rest> {                                                                             \
    template <class T, class... Back>                                                                              \
    static constexpr bool braces = requires {                                                                      \
      T{MOTE_H##groups(MOTE_BRACES, MOTE_COMMA) MOTE_L##rest(MOTE_BRACES, MOTE_COMMA, p, 0), std::declval<Back>()...}; \
    };                                                                                                             \
    template <class T>                                                                                             \
    static auto types(T& object) {                                                                                 \
      auto& [MOTE_H##groups(MOTE_NAME, MOTE_COMMA) MOTE_L##rest(MOTE_NAME, MOTE_COMMA, p, 0)] = object;            \
      return type_list<MOTE_H##groups(MOTE_TYPE, MOTE_COMMA) MOTE_L##rest(MOTE_TYPE, MOTE_COMMA, p, 0)>{};         \
    }                                                                                                              \
    template <class T, class Visitor>                                                                              \
    static constexpr decltype(auto) visit(T& object, Visitor&& visitor) {                                          \
      auto& [MOTE_H##groups(MOTE_NAME, MOTE_COMMA) MOTE_L##rest(MOTE_NAME, MOTE_COMMA, p, 0)] = object;            \
      return std::forward<Visitor>(visitor)(                                                                       \
          MOTE_H##groups(MOTE_NAME, MOTE_COMMA) MOTE_L##rest(MOTE_NAME, MOTE_COMMA, p, 0));                        \
    }                                                                                                              \
    template <std::size_t I, class T>                                                                              \
    static constexpr auto where(T& object) {                                                                       \
      [[maybe_unused]] auto& [MOTE_H##groups(MOTE_NAME, MOTE_COMMA)                                                \
                                  MOTE_L##rest(MOTE_NAME, MOTE_COMMA, p, 0)] = object;                             \
      MOTE_H##groups(MOTE_PICK, MOTE_NOTHING) MOTE_L##rest(MOTE_PICK, MOTE_NOTHING, p, groups * 8)                 \
    }                                                                                                              \
  };

#define MOTE_EIGHT_BINDINGS(groups, p)                                                        \
  MOTE_BINDINGS(groups, 1, p) MOTE_BINDINGS(groups, 2, p) MOTE_BINDINGS(groups, 3, p)         \
  MOTE_BINDINGS(groups, 4, p) MOTE_BINDINGS(groups, 5, p) MOTE_BINDINGS(groups, 6, p)         \
  MOTE_BINDINGS(groups, 7, p) MOTE_BINDINGS(groups, 8, p)

MOTE_EIGHT_BINDINGS(0, a)
MOTE_EIGHT_BINDINGS(1, b)
MOTE_EIGHT_BINDINGS(2, c)
MOTE_EIGHT_BINDINGS(3, d)
MOTE_EIGHT_BINDINGS(4, e)
MOTE_EIGHT_BINDINGS(5, g)
MOTE_EIGHT_BINDINGS(6, h)
MOTE_EIGHT_BINDINGS(7, i)

#undef MOTE_L1
#undef MOTE_L2
#undef MOTE_L3
#undef MOTE_L4
#undef MOTE_L5
#undef MOTE_L6
#undef MOTE_L7
#undef MOTE_L8
#undef MOTE_H0
#undef MOTE_H1
#undef MOTE_H2
#undef MOTE_H3
#undef MOTE_H4
#undef MOTE_H5
#undef MOTE_H6
#undef MOTE_H7
#undef MOTE_COMMA
#undef MOTE_NOTHING
#undef MOTE_NAME
#undef MOTE_TYPE
#undef MOTE_BRACES
#undef MOTE_PICK
#undef MOTE_BINDINGS
#undef MOTE_EIGHT_BINDINGS
// clang-format on

}  // namespace mote::detail
