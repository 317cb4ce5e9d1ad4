// Runs the body of a test as the first process of a runtime, once in each mode: on one and on two schedulers, and in
// deterministic mode with several seeds, on one, two and four simulated schedulers. What fails is followed by the mode in which it did.
#pragma once

#include <gtest/gtest.h>
#include <mote/mote.hpp>

#include <cstdint>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace mote::test {

/// One way to run: on schedulers, or, with a seed, on simulated ones.
struct mode {
  unsigned schedulers = 1;
  std::optional<std::uint64_t> seed{};

  friend std::ostream& operator<<(std::ostream& out, const mode& how) {
    if (how.seed) out << "deterministic, seed " << *how.seed << ", ";
    return out << how.schedulers << " schedulers";
  }
};

inline constexpr std::uint64_t seeds = 8;

inline std::vector<mode> every_mode() {
  std::vector<mode> all{{1, {}}, {2, {}}};
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) all.push_back({1u << seed % 3, seed});
  return all;
}

inline options with(const mode& how, options given = {}) {
  given.schedulers = how.schedulers;
  given.deterministic_seed = how.seed;
  if (given.max_processes == options{}.max_processes) given.max_processes = 1u << 16;
  return given;
}

/// The crash reports of one run. Any thread.
class crash_log {
 public:
  void add(const crash_report& report) {
    const std::lock_guard hold(lock_);
    reports_.push_back(report);
  }
  std::vector<crash_report> all() const {
    const std::lock_guard hold(lock_);
    return reports_;
  }

 private:
  mutable std::mutex lock_;
  std::vector<crash_report> reports_;
};

/// Runs the body in this mode; a failure inside, and a first process that ends with an error, name the mode. Crash reports
/// go to `crashes`.
template <class Body>
void in_mode(const mode& how, Body&& body, options given, crash_log& crashes) {
  const bool failed_before = ::testing::Test::HasFailure();
  given.on_crash = [&crashes](const crash_report& report) { crashes.add(report); };
  EXPECT_EQ(mote::run([&] { body(); }, with(how, std::move(given))), 0);
  if (!failed_before && ::testing::Test::HasFailure()) ADD_FAILURE() << "that was with " << how;
}

template <class Body>
void in_mode(const mode& how, Body&& body, const options& given = {}) {
  crash_log crashes;
  in_mode(how, body, given, crashes);
}

/// Runs the body in every mode.
template <class Body>
void in_every_mode(Body&& body, const options& given = {}) {
  for (const mode& how : every_mode()) {
    crash_log crashes;
    in_mode(how, body, given, crashes);
    if (::testing::Test::HasFailure()) return;
  }
}

/// Runs the body on one and on two schedulers: what needs the machine itself.
template <class Body>
void on_schedulers(Body&& body, const options& given = {}) {
  for (const unsigned schedulers : {1u, 2u}) {
    in_mode({schedulers, {}}, body, given);
    if (::testing::Test::HasFailure()) return;
  }
}

/// Runs the body in every mode, then check(reports) outside.
template <class Body, class Check>
void in_every_mode_crashing(Body&& body, Check&& check) {
  for (const mode& how : every_mode()) {
    crash_log crashes;
    in_mode(how, body, {}, crashes);
    check(crashes.all());
    if (::testing::Test::HasFailure()) {
      ADD_FAILURE() << "that was with " << how;
      return;
    }
  }
}

// ---- inside a process ----

/// Lets others run until the condition holds.
template <class Condition>
void until(Condition&& holds) {
  while (!holds()) yield();
}

/// Lets others run until that process waits, or has ended.
inline void until_waiting(pid who) {
  until([&] {
    const auto seen = info(who);
    return !seen || seen->state == process_state::waiting;
  });
}

/// Waits for the `down` of this monitor.
inline reason news_of(ref which) {
  return receive(when([which](const down& news) { return news.monitor == which; }, [](down news) { return news.why; }));
}

/// Waits until that process has ended.
inline reason end_of(pid who) { return news_of(monitor(who)); }

/// Runs function(args...) as a process of its own, to its end.
template <class Function, class... Args>
reason outcome(Function function, Args&&... args) {
  return news_of(spawn_monitor(function, std::forward<Args>(args)...).monitor);
}

/// Why no R came as the answer; an error when one did.
template <class R>
reason why_no_reply(ref asked) {
  try {
    receive_reply<R>(asked);
  } catch (const no_reply& none) {
    return none.why();
  }
  return reason::error("was answered");
}

/// Runs a function when it is destroyed.
template <class Function>
struct at_end {
  Function function;
  ~at_end() { function(); }
};
template <class Function>
at_end(Function) -> at_end<Function>;

/// Whether the mailbox holds no such message.
template <class T>
bool none_left() {
  return !receive<T>(std::chrono::nanoseconds(0)).has_value();
}

/// Waits for ever, or until it is made to end.
struct never_sent {};
inline void wait_for_ever() { receive<never_sent>(); }

}  // namespace mote::test
