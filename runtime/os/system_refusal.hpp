// What the system's refusals are called: an errno value becomes an error whose text names the thing, and the limit that was
// reached where there is one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

namespace mote::detail {

/// What was asked for: the same error number is another limit. Memory includes files in memory.
enum class asked_for : std::uint8_t { socket, memory, thread };

/// The limit behind an error number, for example "the limit of open files of this OS process, 1024 (RLIMIT_NOFILE)"; empty
/// when it is no limit.
std::string limit_behind(int error, asked_for what = asked_for::socket);

/// "thing: limit", or "thing" when no limit was reached; what() adds the system's words.
std::system_error system_refusal(int error, std::string_view thing, asked_for what = asked_for::socket);
std::system_error system_refusal(const std::error_code& error, std::string_view thing, asked_for what = asked_for::socket);

/// What may stand behind a refusal of memory or addresses, and of a thread or an OS process: the limits that are in force, with
/// their values, for example "RLIMIT_AS is 20971520 bytes". For the text of an error.
/// root: where /proc and the cgroups are looked for.
std::string limits_on_memory(const std::string& root = "");
std::string limits_on_threads(const std::string& root = "");

/// True for what accept, socket and the like answer while too many descriptors or too much memory are in use: it passes.
bool is_shortage(int error) noexcept;

}  // namespace mote::detail
