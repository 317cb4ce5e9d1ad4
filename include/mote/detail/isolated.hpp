// How a function and its arguments get to another OS process: the arguments encoded, the function by its address, which is the
// same there.
#pragma once

#include <mote/codec.hpp>
#include <mote/detail/spawn.hpp>

#include <cstdint>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mote {
struct isolation;
}

namespace mote::detail {

using isolated_body = void (*)(decoder& arguments);

/// Made before main begins in a program that starts isolated processes: mote::run then starts the starter.
struct isolated_use {
  isolated_use() noexcept;
};

template <class Function, class... Stored>
struct isolated_call {
  static inline const isolated_use declared;  // exists where it is named, which is where such a process is started

  static Function decode_function(decoder& in) {
    if constexpr (std::is_pointer_v<Function>) {
      return reinterpret_cast<Function>(in.get<std::uintptr_t>());
    } else {
      return decode<Function>(in);
    }
  }
  static void run(decoder& in) {
    Function function = decode_function(in);
    std::tuple<Stored...> arguments{decode<Stored>(in)...};
    std::apply([&](Stored&... values) { static_cast<void>(function(std::move(values)...)); }, arguments);
  }
};

/// code: a function whose address must mean the same there.
spawned launch_isolated(const isolation& how, const spawn_options* options, tie kind, isolated_body body, const void* code,
                        encoder&& arguments);

template <class Function, class... Args>
spawned start_isolated(const isolation& how, const spawn_options* options, tie kind, Function function, Args&&... args) {
  constexpr bool runs = check_process_function<Function, sent_as_t<Args>...>();
  constexpr bool crosses = (check_crossing<sent_as_t<Args>>() && ...);
  if constexpr (runs && crosses) {
    const void* code = nullptr;
    encoder out;
    if constexpr (std::is_pointer_v<Function>) {
      code = reinterpret_cast<const void*>(function);
      out.put(reinterpret_cast<std::uintptr_t>(function));
    } else {
      out.put(function);
    }
    (out.put<sent_as_t<Args>>(std::forward<Args>(args)), ...);
    using call = isolated_call<Function, sent_as_t<Args>...>;
    static_cast<void>(&call::declared);
    return launch_isolated(how, options, kind, &call::run, code, std::move(out));
  }
  return {};
}

}  // namespace mote::detail
