// The name of a type as the compiler writes it: for error texts, crash reports and traces, never for comparing types.
#pragma once

#include <cstddef>
#include <string_view>

namespace mote {

namespace detail {

template <class T>
constexpr const char* pretty_function() noexcept {
  return __PRETTY_FUNCTION__;
}

// What surrounds the type's name in pretty_function is the same for every type: measure it once, on double.
inline constexpr std::string_view pretty_double = pretty_function<double>();
inline constexpr std::size_t pretty_prefix = pretty_double.rfind("double");
inline constexpr std::size_t pretty_suffix = pretty_double.size() - pretty_prefix - 6;

}  // namespace detail

/// The name of T with its namespaces, readable: "int", "shop::order", "std::vector<int>". The spelling is the
/// compiler's own and differs between gcc and clang ("std::__cxx11::basic_string<char>" or "std::basic_string<char>").
/// The text lives for ever. Never fails, allocates or blocks; any thread.
template <class T>
constexpr std::string_view type_name() noexcept {
  std::string_view text = detail::pretty_function<T>();
  text.remove_prefix(detail::pretty_prefix);
  text.remove_suffix(detail::pretty_suffix);
  return text;
}

}  // namespace mote
