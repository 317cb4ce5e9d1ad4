// What may be wrong with a type that is to be sent, and what mote knows of the types of namespace std. They are told by
// name, so that none of their headers is needed here.
#pragma once

#include <mote/type_name.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace mote::detail {

/// Why a type is no message. Its words are in report.hpp.
enum class flaw {
  none,
  pointer,
  function_pointer,
  reference,
  shared_pointer,
  smart_pointer,
  view,
  synchronization,
  thread,
  type_erasure,
  closure,
  allocator,
  stateful_function,
  volatile_value,
  plain_union,
  polymorphic,
  private_state,
  base_class,
  too_many_fields,
  array,
  refused,
  immovable,
  no_object,
  no_codec,  ///< a message, but one that cannot cross to another OS process
};

/// A type of namespace std. roles tells what each template argument is, the last one standing for all that follow:
/// v a value that must be a message, a an allocator, f an empty function object, - anything.
struct std_type {
  std::string_view name;
  std::string_view roles;
  flaw wrong = flaw::none;
};

inline constexpr std_type std_types[] = {
    {"basic_string", "v-a"},
    {"vector", "va"},
    {"deque", "va"},
    {"list", "va"},
    {"forward_list", "va"},
    {"set", "vfa"},
    {"multiset", "vfa"},
    {"map", "vvfa"},
    {"multimap", "vvfa"},
    {"unordered_set", "vffa"},
    {"unordered_multiset", "vffa"},
    {"unordered_map", "vvffa"},
    {"unordered_multimap", "vvffa"},
    {"array", "v-"},
    {"pair", "v"},
    {"tuple", "v"},
    {"optional", "v"},
    {"variant", "v"},
    {"expected", "v"},
    {"unexpected", "v"},
    {"complex", "v"},
    {"valarray", "v"},
    {"stack", "-v"},
    {"queue", "-v"},
    {"priority_queue", "-vf"},
    {"chrono::duration", "v-"},
    {"chrono::time_point", "-v"},
    {"chrono::hh_mm_ss", "v"},
    {"chrono::day", ""},
    {"chrono::month", ""},
    {"chrono::year", ""},
    {"chrono::weekday", ""},
    {"chrono::year_month", ""},
    {"chrono::month_day", ""},
    {"chrono::year_month_day", ""},
    {"bitset", "-"},
    {"error_code", ""},
    {"error_condition", ""},
    {"filesystem::path", ""},
    {"filesystem::__cxx11::path", ""},
    {"strong_ordering", ""},
    {"weak_ordering", ""},
    {"partial_ordering", ""},
    {"mersenne_twister_engine", "-"},
    {"linear_congruential_engine", "-"},
    {"subtract_with_carry_engine", "-"},
    {"basic_string_view", "-", flaw::view},
    {"span", "-", flaw::view},
    {"initializer_list", "-", flaw::view},
    {"reference_wrapper", "-", flaw::reference},
    {"_Bit_reference", "", flaw::reference},
    {"shared_ptr", "-", flaw::shared_pointer},
    {"weak_ptr", "-", flaw::shared_pointer},
    {"exception_ptr", "", flaw::shared_pointer},
    {"__exception_ptr::exception_ptr", "", flaw::shared_pointer},
    {"unique_ptr", "-", flaw::smart_pointer},
    {"auto_ptr", "-", flaw::smart_pointer},
    {"function", "-", flaw::type_erasure},
    {"move_only_function", "-", flaw::type_erasure},
    {"any", "", flaw::type_erasure},
    {"atomic", "-", flaw::synchronization},
    {"atomic_ref", "-", flaw::synchronization},
    {"atomic_flag", "", flaw::synchronization},
    {"mutex", "", flaw::synchronization},
    {"timed_mutex", "", flaw::synchronization},
    {"recursive_mutex", "", flaw::synchronization},
    {"recursive_timed_mutex", "", flaw::synchronization},
    {"shared_mutex", "", flaw::synchronization},
    {"shared_timed_mutex", "", flaw::synchronization},
    {"condition_variable", "", flaw::synchronization},
    {"condition_variable_any", "", flaw::synchronization},
    {"once_flag", "", flaw::synchronization},
    {"latch", "", flaw::synchronization},
    {"barrier", "-", flaw::synchronization},
    {"counting_semaphore", "-", flaw::synchronization},
    {"lock_guard", "-", flaw::synchronization},
    {"unique_lock", "-", flaw::synchronization},
    {"shared_lock", "-", flaw::synchronization},
    {"scoped_lock", "-", flaw::synchronization},
    {"thread", "", flaw::thread},
    {"jthread", "", flaw::thread},
    {"stop_token", "", flaw::thread},
    {"stop_source", "", flaw::thread},
    {"promise", "-", flaw::thread},
    {"future", "-", flaw::thread},
    {"shared_future", "-", flaw::thread},
    {"packaged_task", "-", flaw::thread},
};

inline constexpr std_type not_known{"", "", flaw::private_state};

/// "std::__cxx11::list<int, ...>" -> "list". Empty for a type outside std, or inside of a class of it.
constexpr std::string_view name_in_std(std::string_view type) {
  if (!type.starts_with("std::")) return {};
  type.remove_prefix(5);
  // Versions of the library live in inline namespaces: __cxx11, __debug, __1.
  if (type.starts_with("__") && !type.starts_with("__exception_ptr")) {
    const std::size_t end = type.find("::");
    if (end < type.find('<')) type.remove_prefix(end + 2);
  }
  const std::size_t arguments = type.find('<');
  if (arguments == std::string_view::npos) return type;
  std::size_t depth = 0;
  for (std::size_t i = arguments; i < type.size(); ++i) {
    if (type[i] == '<') ++depth;
    if (type[i] == '>' && --depth == 0 && i + 1 != type.size()) return {};  // std::list<int>::something
  }
  return type.substr(0, arguments);
}

consteval std_type find_std_type(std::string_view name) {
  for (const std_type& each : std_types) {
    if (each.name == name) return each;
  }
  return not_known;
}

template <class T>
inline constexpr std_type std_type_of = find_std_type(name_in_std(type_name<T>()));

/// A lambda's type, as both compilers write it. Only error texts depend on it.
template <class T>
consteval bool is_closure() {
  constexpr std::string_view name = type_name<T>();
  return (name.find("<lambda(") != std::string_view::npos && name.ends_with(")>")) ||
         (name.find("(lambda at ") != std::string_view::npos && name.ends_with(")"));
}

}  // namespace mote::detail
