// What the system's refusals are called: an errno value becomes an error whose text names the thing, and the limit that was
// reached where there is one.
#pragma once

#include <string>
#include <string_view>
#include <system_error>

namespace mote::detail {

/// The limit behind an error number, for example "the limit of open files of this OS process, 1024 (RLIMIT_NOFILE)"; empty
/// when it is no limit.
std::string limit_behind(int error);

/// "thing: limit", or "thing" when no limit was reached; what() adds the system's words.
std::system_error system_refusal(int error, std::string_view thing);
std::system_error system_refusal(const std::error_code& error, std::string_view thing);

/// What may stand behind a refusal of memory or addresses, and of a thread: the limits that are in force, with their values, for
/// example "RLIMIT_AS is 20971520 bytes". For the text of an error.
std::string limits_on_memory();
std::string limits_on_threads();

/// True for what accept, socket and the like answer while too many descriptors or too much memory are in use: it passes.
bool is_shortage(int error) noexcept;

}  // namespace mote::detail
