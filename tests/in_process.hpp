// Runs the body of a test as the first process of a runtime, once in each mode: on one and on two schedulers, and in
// deterministic mode with several seeds, on one, two and four simulated schedulers. What fails is followed by the mode in which it did.
#pragma once

#include <gtest/gtest.h>
#include <mote/mote.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace mote::test {

/// One way to run: on schedulers, or, with a seed, on simulated ones.
struct mode {
  unsigned schedulers = 1;
  std::optional<std::uint64_t> seed{};

  friend std::ostream& operator<<(std::ostream& out, const mode& how);
};

inline constexpr std::uint64_t seeds = 8;

std::vector<mode> every_mode();

options with(const mode& how, options given = {});

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

/// What a test runs, by reference; compiled once, whatever it is.
class test_body {
 public:
  template <class Body>
  test_body(Body&& body) noexcept
      : what_(const_cast<void*>(static_cast<const void*>(std::addressof(body)))),
        call_([](void* what) { (*static_cast<std::remove_reference_t<Body>*>(what))(); }) {}

  void operator()() const { call_(what_); }

 private:
  void* what_;
  void (*call_)(void*);
};

/// Runs the body in this mode; a failure inside, and a first process that ends with an error, name the mode. Crash reports
/// go to `crashes`.
void in_mode(const mode& how, test_body body, options given, crash_log& crashes);
void in_mode(const mode& how, test_body body, const options& given);
void in_mode(const mode& how, test_body body);

/// Runs the body in every mode.
void in_every_mode(test_body body, const options& given);
void in_every_mode(test_body body);

/// Runs the body on one and on two schedulers: what needs the machine itself.
void on_schedulers(test_body body, const options& given);
void on_schedulers(test_body body);

/// Runs the body in every mode, then check(reports) outside.
void in_every_mode_crashing(test_body body, const std::function<void(const std::vector<crash_report>&)>& check);

// ---- inside a process ----

/// Lets others run until the condition holds.
template <class Condition>
void until(Condition&& holds) {
  while (!holds()) yield();
}

/// Lets others run until that process waits, or has ended.
void until_waiting(pid who);

/// Waits for the `down` of this monitor.
reason news_of(ref which);

/// Waits until that process has ended.
reason end_of(pid who);

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
void wait_for_ever();

}  // namespace mote::test
