// mote-bars BAR [--quick] [--timed] [--count N] [--seconds N] [--seed N]: runs one bar, says on stderr what was wrong, and prints its
// line. Ends with 0 when it passed, 1 when not, 2 when it could not be run. scripts/soak runs all of them.
#include "bar.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>

namespace bars {

extern const bar chaos_in_simulation, determinism, small_programs, virtual_soak, signal_order, link_chains, restart_intensity,
    stop_order, shared_int, ordered_int, kills, parked_million, hand_overs, readiness_churn, mailbox_flood, overflows, hogs,
    start_stop, deadlocks, crash_dump, pool_kills;

namespace {

const bar* const all[] = {&chaos_in_simulation, &determinism, &small_programs, &virtual_soak, &signal_order, &link_chains,
                          &restart_intensity, &stop_order, &shared_int, &ordered_int, &kills, &parked_million, &hand_overs,
                          &readiness_churn, &mailbox_flood, &overflows, &hogs, &start_stop, &deadlocks, &crash_dump,
                          &pool_kills};

const bar& find(std::string_view name) {
  for (const bar* one : all) {
    if (one->name == name) return *one;
  }
  throw std::invalid_argument("no bar is called '" + std::string(name) + "'");
}

std::uint64_t number(const char* option, const char* text) {
  std::uint64_t value = 0;
  if (text == nullptr || std::from_chars(text, text + std::strlen(text), value).ec != std::errc()) {
    throw std::invalid_argument(std::string(option) + " wants a number");
  }
  return value;
}

trial orders(const bar& chosen, char** options) {
  trial now{chosen.full_count, 1, false, chosen.full_seconds};
  for (; *options != nullptr; ++options) {
    const std::string_view option = *options;
    if (option == "--quick") {
      now.count = chosen.quick_count;
      now.seconds = chosen.quick_seconds;
    } else if (option == "--timed") {
      now.timed = true;
    } else if (option == "--count") {
      now.count = number("--count", *++options);
    } else if (option == "--seconds") {
      now.seconds = number("--seconds", *++options);
    } else if (option == "--seed") {
      now.seed = number("--seed", *++options);
    } else {
      throw std::invalid_argument("unknown option '" + std::string(option) + "'");
    }
    if (*options == nullptr) break;
  }
  return now;
}

int run(const bar& chosen, const trial& now) {
  const verdict seen = chosen.run(now);
  if (seen.hits == 0) std::fputs("  the hazard never occurred, so nothing was tested\n", stderr);
  const bool passed = seen.wrong == 0 && seen.hits != 0;
  std::printf("bar %s %s %s %llu %llu\n", std::string(chosen.name).c_str(), passed ? "pass" : "fail",
              seen.figure.c_str(), static_cast<unsigned long long>(seen.hits),
              static_cast<unsigned long long>(now.seed));
  return passed ? 0 : 1;
}

void list() {
  for (const bar* one : all) {
    std::printf("%-8s %10llu %s\n", std::string(one->name).c_str(), static_cast<unsigned long long>(one->full_count),
                std::string(one->about).c_str());
  }
}

}  // namespace

}  // namespace bars

int main(int count, char** arguments) {
  if (count < 2) {
    bars::list();
    return 2;
  }
  try {
    const bars::bar& chosen = bars::find(arguments[1]);
    return bars::run(chosen, bars::orders(chosen, arguments + 2));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "mote-bars: %s\n", error.what());
    return 2;
  }
}
