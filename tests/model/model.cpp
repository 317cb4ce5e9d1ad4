// The search, and the hooks by which atomics and checks reach the run they are part of.
#include "tests/model/model.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "runtime/base/check.hpp"

namespace mote::model {

void fail_run(const char* why) { engine::running()->fail(why); }

namespace detail {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// One search: the runs it makes, and the report of the one that fails.
class searcher {
 public:
  searcher(call_ref body, engine& runs, const options& how) : body_(body), engine_(runs), how_(how) {
    engine_.atomics().find_reordered_loads(how.reordered_loads);
  }

  result search() {
    if (const char* const list = std::getenv("MOTE_MODEL_REPLAY")) {
      engine_.decisions().run_list(list);
      run_once();
      return std::move(found_);
    }
    search_depth_first();
    if (!found_.failed) search_by_seed();
    return std::move(found_);
  }

 private:
  void search_depth_first() {
    engine_.decisions().search_depth_first(how_.depth_first);
    do {
      ++found_.runs;
      if (!run_once()) return;
      if (!engine_.decisions().next_run()) {
        found_.complete = true;
        return;
      }
    } while (found_.runs < how_.most_runs);
  }

  void search_by_seed() {
    const std::uint64_t first_seed = from_environment("MOTE_MODEL_SEED", 1);
    const std::uint64_t runs = from_environment("MOTE_MODEL_RUNS", how_.random_runs);
    for (std::uint64_t i = 0; i < runs; ++i) {
      seed_ = first_seed + i;
      engine_.decisions().run_seed(seed_, i % 2 == 0 ? choices::way::random : choices::way::pct, how_.by_seed);
      ++found_.random_runs;
      if (!run_once()) return;
    }
  }

  bool run_once() {
    const bool had_failed = testing::Test::HasFailure();
    const bool held = engine_.run(body_, how_.most_operations);
    if (held && (had_failed || !testing::Test::HasFailure())) return true;
    found_.failed = true;
    found_.report = describe(held ? "an expectation of the test (above)" : engine_.why());
    return false;
  }

  std::string describe(const std::string& why) const {
    std::string text = why + "\n" + engine_.log().text();
    text += found_.random_runs == 0 ? "found depth first, run " + std::to_string(found_.runs)
                                    : "found by seed " + std::to_string(seed_);
    return text + "; to have it again: MOTE_MODEL_REPLAY=" + engine_.decisions().list() + "\n";
  }

  call_ref body_;
  engine& engine_;
  const options& how_;
  std::uint64_t seed_ = 0;
  result found_;
};

}  // namespace

result search(call_ref body, engine& runs, const options& how) { return searcher(body, runs, how).search(); }

void report(const result& found) {
  std::printf("[  model   ] %llu runs depth first (%s), %llu by seed\n", static_cast<unsigned long long>(found.runs),
              found.complete ? "complete" : "not complete", static_cast<unsigned long long>(found.random_runs));
  if (found.failed) ADD_FAILURE() << found.report;
  if (!found.failed && !found.complete && std::getenv("MOTE_MODEL_REPLAY") == nullptr)
    ADD_FAILURE() << "the depth-first search was cut off: make the test smaller or raise options.most_runs";
}

void wait_until(condition_ref holds) {
  if (engine* const runs = engine::running()) runs->wait_until(holds);
}

}  // namespace detail

namespace hook {

void point() noexcept {
  if (engine* const runs = engine::running()) runs->point();
}
void constructed(const void* where, word value) noexcept {
  if (engine* const runs = engine::running()) runs->atomics().construct(runs->current(), where, value);
}
void destroyed(const void* where) noexcept {
  if (engine* const runs = engine::running()) runs->atomics().destroy(runs->current(), where);
}
word load(const void* where, word latest, std::memory_order order) noexcept {
  engine* const runs = engine::running();
  return runs == nullptr ? latest : runs->atomics().load(runs->current(), where, latest, order);
}
word load_latest(const void* where, word latest, std::memory_order order) noexcept {
  engine* const runs = engine::running();
  return runs == nullptr ? latest : runs->atomics().load_latest(runs->current(), where, latest, order);
}
void store(const void* where, word latest, word desired, std::memory_order order) noexcept {
  if (engine* const runs = engine::running()) runs->atomics().store(runs->current(), where, latest, desired, order);
}
void change(const void* where, word latest, word desired, std::memory_order order) noexcept {
  if (engine* const runs = engine::running()) runs->atomics().change(runs->current(), where, latest, desired, order);
}
verdict compare(const void* where, word latest, word expected, bool weak, std::memory_order failure) noexcept {
  engine* const runs = engine::running();
  if (runs == nullptr) return {latest == expected, latest};
  word seen = latest;
  const bool succeeds = runs->atomics().compare(runs->current(), where, latest, expected, weak, failure, seen);
  return {succeeds, seen};
}
void fence(std::memory_order order) noexcept {
  if (engine* const runs = engine::running()) runs->atomics().fence(runs->current(), order);
}
void pause() noexcept {
  if (engine* const runs = engine::running()) runs->pause();
}

}  // namespace hook
}  // namespace mote::model

/// In a checked run MOTE_CHECK fails the run, with its operations and how to have it again.
void mote::detail::check_failed(const char* file, int line, const char* what) noexcept {
  const std::string text = std::string(file) + ":" + std::to_string(line) + ": check failed: " + what;
  if (model::engine* const runs = model::engine::running()) runs->fail(text.c_str());
  std::fprintf(stderr, "mote: %s\n", text.c_str());
  std::abort();
}
