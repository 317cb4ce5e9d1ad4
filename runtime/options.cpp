// The options: what they may be, and the MOTE_* variables that change them.
#include "runtime/options.hpp"

#include <mote/error.hpp>

#include <unistd.h>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <string>
#include <string_view>

namespace mote {

namespace {

using detail::option_limits;

[[noreturn]] void refuse(const std::string& what, std::string_view given, const std::string& wanted) {
  throw usage_error(what + ": \"" + std::string(given) + "\" is not " + wanted);
}

std::string range(std::uint64_t least, std::uint64_t most) {
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

// The variable's number, or nothing when it is not set.
std::optional<std::uint64_t> number(const char* variable, std::uint64_t least, std::uint64_t most) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view given(text);
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error != std::errc() || stop != given.data() + given.size() || value < least || value > most) {
    refuse(variable, given, range(least, most));
  }
  return value;
}

template <class Flag>
void read(const char* variable, Flag& into) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return;
  const std::string_view given(text);
  if (given != "0" && given != "1") refuse(variable, given, "0 or 1");
  into = given == "1";
}

template <class Number>
void read(const char* variable, Number& into, std::uint64_t least, std::uint64_t most) {
  if (const auto value = number(variable, least, most)) into = static_cast<Number>(*value);
}

void check(const char* what, std::uint64_t given, std::uint64_t least, std::uint64_t most) {
  if (given < least || given > most) refuse(std::string("mote::options::") + what, std::to_string(given), range(least, most));
}

void check_time(const char* what, std::chrono::milliseconds given, std::uint64_t most_ms) {
  if (given.count() >= 0 && static_cast<std::uint64_t>(given.count()) <= most_ms) return;
  refuse(std::string("mote::options::") + what, std::to_string(given.count()), "a time from 0 to " + std::to_string(most_ms) + " ms");
}

// One of some words, which name the values from 0 on.
template <class Value, std::size_t Count>
void read_word(const char* variable, Value& into, const std::string_view (&words)[Count]) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return;
  const auto* const found = std::ranges::find(words, std::string_view(text));
  if (found == std::end(words)) {
    std::string all;
    for (const std::string_view word : words) all.append(all.empty() ? "" : ", ").append(word);
    refuse(variable, text, "one of " + all);
  }
  into = static_cast<Value>(found - words);
}

constexpr std::string_view deadlock_actions[] = {"ignore", "report", "dump", "end", "abort"};

constexpr std::string_view variables[] = {
    "MOTE_SCHEDULERS", "MOTE_MAX_PROCESSES", "MOTE_STACK_BYTES",     "MOTE_ARENA_BYTES",     "MOTE_BIND",
    "MOTE_VERBOSE",    "MOTE_SHUTDOWN_MS",   "MOTE_CATCH_TERMINATE", "MOTE_CATCH_OVERFLOW", "MOTE_SEED",
    "MOTE_HANDOFF_MS", "MOTE_MAX_THREADS",   "MOTE_REPORT_HANDOFF",  "MOTE_BACKTRACES",     "MOTE_MAILBOX_BUDGET_BYTES",
    "MOTE_DEADLOCK",   "MOTE_DUMP_ON_QUIT",  "MOTE_CRASH_DUMP",
};

// A misspelt one would be silently without effect.
void refuse_unknown_variables() {
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view set(*entry);
    const std::string_view name = set.substr(0, set.find('='));
    if (!name.starts_with("MOTE_") || std::ranges::find(variables, name) != std::end(variables)) continue;
    std::string text = std::string(name) + ": the environment sets this, which no option reads; there are";
    for (const std::string_view known : variables) text.append(" ").append(known);
    throw usage_error(text);
  }
}

}  // namespace

options options_from_environment(options given) {
  using limits = option_limits;
  refuse_unknown_variables();
  read("MOTE_SCHEDULERS", given.schedulers, 0, limits::most_schedulers);
  read("MOTE_MAX_PROCESSES", given.max_processes, limits::least_processes, limits::most_processes);
  read("MOTE_STACK_BYTES", given.stack_bytes, limits::least_stack, limits::most_stack);
  read("MOTE_ARENA_BYTES", given.arena_bytes, 0, limits::most_arena);
  read("MOTE_MAILBOX_BUDGET_BYTES", given.mailbox_budget_bytes, 0, limits::most_budget);
  read("MOTE_BIND", given.bind_schedulers);
  read("MOTE_VERBOSE", given.verbose);
  read("MOTE_CATCH_TERMINATE", given.catch_terminate);
  read("MOTE_CATCH_OVERFLOW", given.catch_stack_overflow);
  read_word("MOTE_DEADLOCK", given.deadlock, deadlock_actions);
  read("MOTE_DUMP_ON_QUIT", given.dump_on_quit);
  if (const char* const file = std::getenv("MOTE_CRASH_DUMP")) given.crash_dump = file;
  if (const auto ms = number("MOTE_SHUTDOWN_MS", 0, limits::most_shutdown_ms)) {
    given.shutdown_deadline = std::chrono::milliseconds(*ms);
  }
  if (const auto ms = number("MOTE_HANDOFF_MS", 0, limits::most_handoff_ms)) {
    given.handoff_after = std::chrono::milliseconds(*ms);
  }
  read("MOTE_MAX_THREADS", given.max_threads, 1, limits::most_threads);
  read("MOTE_REPORT_HANDOFF", given.report_handoff);
  read("MOTE_BACKTRACES", given.backtraces);
  if (const auto seed = number("MOTE_SEED", 0, ~std::uint64_t{0})) given.deterministic_seed = *seed;
  return given;
}

namespace detail {

void check_options(const options& given) {
  using limits = option_limits;
  check("schedulers", given.schedulers, 0, limits::most_schedulers);
  check("max_processes", given.max_processes, limits::least_processes, limits::most_processes);
  check("stack_bytes", given.stack_bytes, limits::least_stack, limits::most_stack);
  if (given.arena_bytes != 0) check("arena_bytes", given.arena_bytes, limits::least_arena, limits::most_arena);
  check("max_threads", given.max_threads, 1, limits::most_threads);
  check_time("shutdown_deadline", given.shutdown_deadline, limits::most_shutdown_ms);
  check_time("handoff_after", given.handoff_after, limits::most_handoff_ms);
  if (given.mailbox_budget_bytes != 0) {
    check("mailbox_budget_bytes", given.mailbox_budget_bytes, limits::least_budget, limits::most_budget);
  }
  check("deadlock", static_cast<std::uint64_t>(given.deadlock), 0, std::size(deadlock_actions) - 1);
  if (given.deterministic_seed) check("schedulers, with deterministic_seed", given.schedulers, 0, limits::most_simulated);
}

}  // namespace detail

}  // namespace mote
