// What the runtime knows of a message's type once its static type is gone: one record per type.
#pragma once

#include <mote/codec.hpp>
#include <mote/type_name.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <typeinfo>

namespace mote::detail {

struct envelope;
struct served;
struct message_type;
struct message_codec;

/// Of a message that is meant for one kind of server: which, and what hands the message to its handler (server.hpp).
struct addressed {
  const message_type* server;
  void (*run)(served& cell, envelope& mail);
};

/// Lives for ever. There is one for each type in each part of a program (executable, shared library) that hides its
/// symbols, so compare with same_type.
struct message_type {
  const std::type_info* info;
  void (*destroy)(void* value) noexcept;  ///< null: nothing to do
  std::string_view name;                  ///< readable; differs between compilers
  std::uint64_t hash;                     ///< the same in all parts of a program, even those built by another compiler
  std::uint32_t size;
  std::uint32_t alignment;
  const addressed* to_server = nullptr;   ///< null: for whoever receives it
  const message_codec* codec = nullptr;   ///< null: it cannot cross to another OS process
};

// Only what every compiler writes the same way goes into the hash: "std::__cxx11::list<int>" -> "list".
constexpr std::string_view last_name(std::string_view type) {
  std::size_t depth = 0, begin = 0, end = type.size();
  for (std::size_t i = 0; i < type.size(); ++i) {
    if (type[i] == '<' || type[i] == '(' || type[i] == '{') {
      if (depth++ == 0) end = i;
    } else if (type[i] == '>' || type[i] == ')' || type[i] == '}') {
      if (depth != 0) --depth;
    } else if (depth == 0 && type[i] == ':') {
      begin = i + 1;
      end = type.size();
    }
  }
  return end < begin ? std::string_view{} : type.substr(begin, end - begin);
}

template <class T>
consteval std::uint64_t type_hash() {
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a
  const auto mix = [&hash](std::uint64_t value) { hash = (hash ^ value) * 1099511628211u; };
  if constexpr (std::is_class_v<T> || std::is_enum_v<T>) {
    for (const char letter : last_name(type_name<T>())) mix(static_cast<unsigned char>(letter));
  }
  mix(sizeof(T));
  mix(alignof(T));
  mix(std::is_floating_point_v<T> ? 1 : std::is_class_v<T> ? 2 : std::is_enum_v<T> ? 3 : std::is_signed_v<T> ? 4 : 5);
  return hash;
}

template <class T>
void destroy_message(void* value) noexcept {
  static_cast<T*>(value)->~T();
}

template <class T>
inline constexpr const void* addressed_as = nullptr;

template <class T>
consteval const addressed* address_of() {
  if constexpr (std::is_same_v<decltype(addressed_as<T>), const addressed>) {
    return &addressed_as<T>;
  } else {
    return nullptr;
  }
}

template <class T>
constexpr const message_codec* crossing_codec();

template <class T>
inline constexpr message_type message_type_of{
    &typeid(T),     std::is_trivially_destructible_v<T> ? nullptr : &destroy_message<T>,
    type_name<T>(), type_hash<T>(),
    sizeof(T),      alignof(T),
    address_of<T>(),
    crossing_codec<T>(),
};

/// Makes a type known to what comes from other OS processes: one for each type that can cross and that the program sends or
/// receives anywhere, in place before main begins (or a library that holds it is loaded).
class known_type {
 public:
  explicit known_type(const message_type& type) noexcept;
  const message_type& type;
  known_type* next = nullptr;
};
template <class T>
inline known_type known_type_of{message_type_of<T>};

/// The codec of one type, for whoever has only its message_type.
struct message_codec {
  void (*encode)(const void* value, encoder& out);
  void (*decode)(void* place, decoder& in);  ///< makes the value there; throws decode_error
};
template <class T>
inline constexpr message_codec codec_of{
    [](const void* value, encoder& out) { encode(*static_cast<const T*>(value), out); },
    [](void* place, decoder& in) {
      static_cast<void>(&known_type_of<T>);
      ::new (place) T(decode<T>(in));
    },
};

template <class T>
constexpr const message_codec* crossing_codec() {
  if constexpr (crossing_message<T>) {
    return &codec_of<T>;
  } else {
    return nullptr;
  }
}

/// Whether a type belongs to one source file, so that another file may have a different one of the same name: it is in
/// an anonymous namespace, in a static function, or a lambda. As the mangled name tells.
inline bool is_local_type(std::string_view mangled) noexcept {
  if (mangled.starts_with('*') || mangled.find("_GLOBAL__N_") != std::string_view::npos) return true;
  if (mangled.find("$_") != std::string_view::npos) return true;
  for (std::size_t at = mangled.find("ZL"); at != std::string_view::npos; at = mangled.find("ZL", at + 1)) {
    if (at + 2 < mangled.size() && mangled[at + 2] >= '0' && mangled[at + 2] <= '9') return true;
  }
  return false;
}

/// The slow path: two records, and the hashes agree. std::type_info compares gcc's local types by address, but clang's
/// by name, so those are told apart here.
inline bool same_type_info(const std::type_info& a, const std::type_info& b) noexcept {
  return &a == &b || (a == b && !is_local_type(a.name()));
}

/// Whether two records mean one type. Any thread; never blocks.
inline bool same_type(const message_type& a, const message_type& b) noexcept {
  return &a == &b || (a.hash == b.hash && same_type_info(*a.info, *b.info));
}

}  // namespace mote::detail
