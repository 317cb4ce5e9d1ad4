// How values become bytes and come back, by what their types are made of (crossing.hpp). <mote/codec.hpp> includes this.
//
// C1  Every value takes at least one byte, so that a container cannot have more elements than bytes follow.
// C2  A decoded value is a valid one whatever the bytes: a bool is 0 or 1, a variant has one of its alternatives.
#pragma once

#include <mote/detail/report.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace mote::detail {

template <class T>
inline constexpr bool is_plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;
template <class T>
inline constexpr bool is_plain<T[]> = false;
template <>
inline constexpr bool is_plain<bool> = false;
/// Any bytes are a value of it, and all of its bytes count: it travels as it lies in memory.
template <class T>
inline constexpr bool travels_whole = is_plain<T> && !std::is_same_v<T, long double>;

void encode_error_code(const std::error_code& value, encoder& out);
std::error_code decode_error_code(decoder& in);

// ---- encoding ----

template <class T>
void encode(const T& value, encoder& out);

template <class Element>
void encode_many(const Element* first, std::size_t count, encoder& out) {
  if constexpr (travels_whole<Element>) {
    out.put_raw(first, count * sizeof(Element));
  } else {
    for (std::size_t i = 0; i < count; ++i) encode(first[i], out);
  }
}

template <class T>
inline constexpr bool is_contiguous = requires(const T& value) {
  { value.data() } -> std::same_as<const typename T::value_type*>;
};

template <class T>
void encode_elements(const T& value, encoder& out) {
  if constexpr (is_contiguous<T>) {
    encode_many(value.data(), value.size(), out);
  } else {
    for (const auto& element : value) encode<typename T::value_type>(element, out);
  }
}

template <class T>
void encode_std(const T& value, encoder& out) {
  constexpr std_codec how = std_codec_for<T>;
  if constexpr (how == std_codec::sequence || how == std_codec::table) {
    out.put_count(value.size());
    encode_elements(value, out);
  } else if constexpr (how == std_codec::single_list) {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& element : value) ++count;
    out.put_count(count);
    encode_elements(value, out);
  } else if constexpr (how == std_codec::array) {
    encode_elements(value, out);
    if constexpr (std::tuple_size_v<T> == 0) encode(std::uint8_t{0}, out);  // C1
  } else if constexpr (how == std_codec::tuple) {
    std::apply([&](const auto&... part) { (encode(part, out), ...); }, value);
    if constexpr (std::tuple_size_v<T> == 0) encode(std::uint8_t{0}, out);  // C1
  } else if constexpr (how == std_codec::optional) {
    encode(value.has_value(), out);
    if (value) encode(*value, out);
  } else if constexpr (how == std_codec::variant) {
    encode(static_cast<std::uint32_t>(value.index()), out);
    std::visit([&](const auto& held) { encode(held, out); }, value);
  } else if constexpr (how == std_codec::duration) {
    encode(value.count(), out);
  } else if constexpr (how == std_codec::moment) {
    encode(value.time_since_epoch().count(), out);
  } else if constexpr (how == std_codec::path) {
    encode(value.native(), out);
  } else if constexpr (how == std_codec::error) {
    encode_error_code(value, out);
  } else {
    out.put_raw(&value, sizeof(T));
  }
}

template <class T>
void encode(const T& value, encoder& out) {
  if constexpr (std::is_array_v<T>) {
    encode_many(&value[0], std::extent_v<T>, out);
  } else if constexpr (has_codec<T>) {
    message_traits<T>::encode(value, out);
  } else if constexpr (std::is_same_v<T, bool>) {
    encode(static_cast<std::uint8_t>(value ? 1 : 0), out);
  } else if constexpr (std::is_same_v<T, long double>) {
    unsigned char image[sizeof(T)] = {};  // its padding is never set
    std::memcpy(image, &value, 10 < sizeof(T) ? 10 : sizeof(T));
    out.put_raw(image, sizeof(T));
  } else if constexpr (!std::is_class_v<T>) {
    out.put_raw(&value, sizeof(T));
  } else if constexpr (std_codec_for<T> != std_codec::none) {
    const nesting<encoder> level(out);
    encode_std(value, out);
  } else if constexpr (stateless<T>) {
    encode(std::uint8_t{0}, out);  // C1
  } else {
    const nesting<encoder> level(out);
    visit_fields(value, [&](const auto&... field) { (encode(field, out), ...); });
  }
}

// ---- decoding ----

template <class T>
T decode(decoder& in);

template <class T>
T decode_raw(decoder& in) {
  std::array<std::byte, sizeof(T)> image;
  in.get_raw(image.data(), sizeof(T));
  return std::bit_cast<T>(image);
}

/// Into a field that is there already: an array, element by element.
template <class T>
void decode_into(T& value, decoder& in) {
  if constexpr (std::is_array_v<T>) {
    for (auto& element : value) decode_into(element, in);
  } else {
    value = decode<T>(in);
  }
}

template <class T>
T decode_sequence(decoder& in) {
  using element = typename T::value_type;
  T made;
  if constexpr (is_contiguous<T> && travels_whole<element>) {
    const std::size_t count = in.get_count(sizeof(element));
    made.resize(count);
    in.get_raw(made.data(), count * sizeof(element));
  } else {
    for (std::size_t left = in.get_count(); left > 0; --left) made.push_back(decode<element>(in));
  }
  return made;
}
template <class T>
T decode_single_list(decoder& in) {
  T made;
  auto last = made.before_begin();
  for (std::size_t left = in.get_count(); left > 0; --left) {
    last = made.insert_after(last, decode<typename T::value_type>(in));
  }
  return made;
}

template <class T>
struct decoded_element {
  using type = typename T::value_type;
};
template <class T>
requires requires { typename T::mapped_type; }
struct decoded_element<T> {
  using type = std::pair<typename T::key_type, typename T::mapped_type>;
};
template <class T>
T decode_table(decoder& in) {
  T made;
  for (std::size_t left = in.get_count(); left > 0; --left) {
    made.insert(decode<typename decoded_element<T>::type>(in));
  }
  return made;
}

template <class T, std::size_t... I>
T decode_array(decoder& in, std::index_sequence<I...>) {
  if constexpr (sizeof...(I) == 0) {
    decode<std::uint8_t>(in);
    return T{};
  } else if constexpr (std::is_default_constructible_v<T> && std::is_move_assignable_v<typename T::value_type>) {
    T made{};
    for (auto& element : made) element = decode<typename T::value_type>(in);
    return made;
  } else {
    return T{{(static_cast<void>(I), decode<typename T::value_type>(in))...}};
  }
}
template <class T, std::size_t... I>
T decode_tuple(decoder& in, std::index_sequence<I...>) {
  if constexpr (sizeof...(I) == 0) decode<std::uint8_t>(in);
  return T{decode<std::tuple_element_t<I, T>>(in)...};
}

template <class T, std::size_t I>
T decode_alternative(decoder& in) {
  return T(std::in_place_index<I>, decode<std::variant_alternative_t<I, T>>(in));
}

// By a table and not by comparing: clang 16 loses the index of a variant that is made in one of several branches.
template <class T, std::size_t... I>
T decode_variant(decoder& in, std::index_sequence<I...>) {
  static constexpr T (*alternatives[])(decoder&) = {decode_alternative<T, I>...};
  const auto index = decode<std::uint32_t>(in);
  if (index >= sizeof...(I)) decoder::refuse("a variant has no such alternative");
  return alternatives[index](in);
}

template <class T>
T decode_std(decoder& in) {
  constexpr std_codec how = std_codec_for<T>;
  if constexpr (how == std_codec::sequence) {
    return decode_sequence<T>(in);
  } else if constexpr (how == std_codec::single_list) {
    return decode_single_list<T>(in);
  } else if constexpr (how == std_codec::table) {
    return decode_table<T>(in);
  } else if constexpr (how == std_codec::array) {
    return decode_array<T>(in, std::make_index_sequence<std::tuple_size_v<T>>{});
  } else if constexpr (how == std_codec::tuple) {
    return decode_tuple<T>(in, std::make_index_sequence<std::tuple_size_v<T>>{});
  } else if constexpr (how == std_codec::optional) {
    return decode<bool>(in) ? T(decode<typename T::value_type>(in)) : T();
  } else if constexpr (how == std_codec::variant) {
    return decode_variant<T>(in, std::make_index_sequence<std::variant_size_v<T>>{});
  } else if constexpr (how == std_codec::duration) {
    return T(decode<typename T::rep>(in));
  } else if constexpr (how == std_codec::moment) {
    return T(typename T::duration(decode<typename T::rep>(in)));
  } else if constexpr (how == std_codec::path) {
    return T(decode<typename T::string_type>(in));
  } else if constexpr (how == std_codec::error) {
    return decode_error_code(in);
  } else {
    return decode_raw<T>(in);
  }
}

// A bit-field is told by nothing, so compilers warn of what they take for a loss.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
template <class T, class... Fields>
T decode_aggregate(decoder& in, type_list<Fields...>) {
  if constexpr (requires { T{std::declval<Fields>()...}; } && !(std::is_array_v<Fields> || ...)) {
    return T{decode<std::remove_const_t<Fields>>(in)...};
  } else {
    T made{};
    visit_fields(made, [&](auto&... field) { (decode_into(field, in), ...); });
    return made;
  }
}
#pragma GCC diagnostic pop

template <class T>
T decode(decoder& in) {
  if constexpr (std::is_const_v<T>) {
    return decode<std::remove_const_t<T>>(in);
  } else if constexpr (has_codec<T>) {
    return message_traits<T>::decode(in);
  } else if constexpr (std::is_same_v<T, bool>) {
    const auto image = decode<std::uint8_t>(in);
    if (image > 1) decoder::refuse("a bool is neither 0 nor 1");  // C2
    return image == 1;
  } else if constexpr (!std::is_class_v<T>) {
    return decode_raw<T>(in);
  } else if constexpr (std_codec_for<T> != std_codec::none) {
    const nesting<decoder> level(in);
    return decode_std<T>(in);
  } else if constexpr (stateless<T>) {
    return decode_raw<T>(in);
  } else {
    const nesting<decoder> level(in);
    return decode_aggregate<T>(in, field_types<T>{});
  }
}

}  // namespace mote::detail

namespace mote {

template <class T>
void encoder::put(const T& value) {
  if constexpr (detail::check_crossing<T>()) detail::encode(value, *this);
}

template <class T>
T decoder::get() {
  if constexpr (detail::check_crossing<T>()) return detail::decode<T>(*this);
}

inline std::size_t decoder::get_count(std::size_t least_bytes) {
  const std::size_t count = detail::decode<std::uint32_t>(*this);
  if (count > left_.size() / least_bytes) refuse("a container claims more elements than there are bytes");  // C1
  return count;
}

}  // namespace mote
