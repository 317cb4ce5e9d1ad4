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
using detail::option_range;

[[noreturn]] void refuse(const std::string& what, std::string_view given, const std::string& wanted) {
  throw usage_error(what + ": \"" + std::string(given) + "\" is not " + wanted);
}

bool is_within(std::uint64_t given, const option_range& range) noexcept {
  return (given >= range.least && given <= range.most) || (given == 0 && range.or_zero);
}

std::string in_words(const option_range& range) {
  return (range.or_zero ? "0 or a whole number from " : "a whole number from ") + std::to_string(range.least) + " to " +
         std::to_string(range.most);
}

// The variable's number, or nothing when it is not set.
std::optional<std::uint64_t> number(const char* variable, const option_range& within) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  const std::string_view given(text);
  std::uint64_t value = 0;
  const auto [stop, error] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (error != std::errc() || stop != given.data() + given.size() || !is_within(value, within)) {
    refuse(variable, given, in_words(within));
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
void read(const char* variable, Number& into, const option_range& within) {
  if (const auto value = number(variable, within)) into = static_cast<Number>(*value);
}

void read(const char* variable, std::chrono::milliseconds& into, const option_range& within_ms) {
  if (const auto ms = number(variable, within_ms)) into = std::chrono::milliseconds(*ms);
}

void check(const char* what, std::uint64_t given, const option_range& within) {
  if (!is_within(given, within)) refuse(std::string("mote::options::") + what, std::to_string(given), in_words(within));
}

void check(const char* what, std::chrono::milliseconds given, const option_range& within_ms) {
  if (given.count() >= 0 && is_within(static_cast<std::uint64_t>(given.count()), within_ms)) return;
  refuse(std::string("mote::options::") + what, std::to_string(given.count()),
         "a time from 0 to " + std::to_string(within_ms.most) + " ms");
}

// With a seed there are fewer schedulers.
bool can_simulate(const options& given) noexcept {
  return !given.deterministic_seed || is_within(given.schedulers, option_limits::simulated);
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
  read("MOTE_SCHEDULERS", given.schedulers, limits::schedulers);
  read("MOTE_MAX_PROCESSES", given.max_processes, limits::processes);
  read("MOTE_STACK_BYTES", given.stack_bytes, limits::stack_bytes);
  read("MOTE_ARENA_BYTES", given.arena_bytes, limits::arena_bytes);
  read("MOTE_MAILBOX_BUDGET_BYTES", given.mailbox_budget_bytes, limits::budget_bytes);
  read("MOTE_BIND", given.bind_schedulers);
  read("MOTE_VERBOSE", given.verbose);
  read("MOTE_CATCH_TERMINATE", given.catch_terminate);
  read("MOTE_CATCH_OVERFLOW", given.catch_stack_overflow);
  read_word("MOTE_DEADLOCK", given.deadlock, deadlock_actions);
  read("MOTE_DUMP_ON_QUIT", given.dump_on_quit);
  if (const char* const file = std::getenv("MOTE_CRASH_DUMP")) given.crash_dump = file;
  read("MOTE_SHUTDOWN_MS", given.shutdown_deadline, limits::shutdown_ms);
  read("MOTE_HANDOFF_MS", given.handoff_after, limits::handoff_ms);
  read("MOTE_MAX_THREADS", given.max_threads, limits::threads);
  read("MOTE_REPORT_HANDOFF", given.report_handoff);
  read("MOTE_BACKTRACES", given.backtraces);
  const bool conducts = std::getenv("MOTE_SEED") != nullptr || std::getenv("MOTE_SCHEDULERS") != nullptr;
  if (const auto seed = number("MOTE_SEED", {0, ~std::uint64_t{0}})) given.deterministic_seed = *seed;
  if (conducts && !can_simulate(given)) {
    refuse("MOTE_SCHEDULERS, with MOTE_SEED", std::to_string(given.schedulers), in_words(limits::simulated));
  }
  return given;
}

namespace detail {

void check_options(const options& given) {
  using limits = option_limits;
  check("schedulers", given.schedulers, limits::schedulers);
  check("max_processes", given.max_processes, limits::processes);
  check("stack_bytes", given.stack_bytes, limits::stack_bytes);
  check("arena_bytes", given.arena_bytes, limits::arena_bytes);
  check("max_threads", given.max_threads, limits::threads);
  check("shutdown_deadline", given.shutdown_deadline, limits::shutdown_ms);
  check("handoff_after", given.handoff_after, limits::handoff_ms);
  check("mailbox_budget_bytes", given.mailbox_budget_bytes, limits::budget_bytes);
  check("deadlock", static_cast<std::uint64_t>(given.deadlock), {0, std::size(deadlock_actions) - 1});
  if (!can_simulate(given)) check("schedulers, with deterministic_seed", given.schedulers, limits::simulated);
}

}  // namespace detail

}  // namespace mote
