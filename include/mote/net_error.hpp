// What can go wrong with sockets beside what the system says by std::errc.
#pragma once

#include <system_error>
#include <type_traits>

namespace mote {

/// Values of std::error_code in the category "mote.net".
enum class net_error {
  end_of_stream = 1,   ///< the peer has closed its side before all that was wanted had come
  delimiter_missing,   ///< so many bytes as were allowed came without it
  no_such_host,        ///< the name has no address
  resolver_failed,     ///< no answer for the name; it may come another time
  not_open,            ///< the stream or listener is closed, was moved from, or never was open
};

const std::error_category& net_category() noexcept;
std::error_code make_error_code(net_error value) noexcept;

}  // namespace mote

template <>
struct std::is_error_code_enum<mote::net_error> : std::true_type {};
