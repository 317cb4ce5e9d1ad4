// The doors through which a plain thread enters the runtime.
#pragma once

#include <mote/detail/envelope.hpp>
#include <mote/detail/spawn.hpp>
#include <mote/pid.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace mote {
struct options;
struct left_process;
}

namespace mote::detail {

class runtime;

int run_main(const options& given, int (*call)(void* main), void* main);

/// A runtime that has been started, and is shut down at the latest when this goes.
class hosted_runtime {
 public:
  explicit hosted_runtime(const options& given);
  hosted_runtime(const hosted_runtime&) = delete;
  hosted_runtime& operator=(const hosted_runtime&) = delete;
  ~hosted_runtime();

  /// A whole run of main as the first process. Returns its result, 1 for an error. given: complete.
  static int run(options given, int (*call)(void* main), void* main);

  runtime& get() const noexcept { return *home_; }
  std::vector<left_process> shut_down(std::optional<std::chrono::nanoseconds> within);

 private:
  struct host;

  static void keep(std::unique_ptr<host> which) noexcept;

  std::unique_ptr<host> host_;
  runtime* home_;
};

/// That somebody outside may yet send to a runtime, by whatever holds one of these. It does not keep the runtime alive.
class way_in {
 public:
  explicit way_in(runtime& to) noexcept;
  way_in(const way_in& other) noexcept;
  way_in& operator=(const way_in& other) noexcept;
  ~way_in();

  /// Of the runtime.
  std::uint64_t place() const noexcept { return place_; }

 private:
  void open() const noexcept;
  void close() const noexcept;

  std::uint64_t place_;
};

/// These take the envelope over. From a plain thread, or from a process. A runtime is kept by somebody else meanwhile.
void deliver_from_outside(runtime& where, pid to, envelope* mail);
void deliver_from_outside(const way_in& where, pid to, envelope* mail);
send_result try_deliver_from_outside(runtime& where, pid to, envelope* mail);
send_result try_deliver_from_outside(const way_in& where, pid to, envelope* mail);
/// Who has the name there; throws usage_error that names the call and the name when nobody has.
pid require_name(const char* call, runtime& where, std::string_view name);
pid require_name(const char* call, const way_in& where, std::string_view name);

/// As draft, for a process that a plain thread starts.
class outside_draft {
 public:
  /// Throws what draft throws but for plain threads, and usage_error in the child of a fork.
  outside_draft(runtime& home, const closure_type& type, const spawn_options* options);
  outside_draft(const outside_draft&) = delete;
  outside_draft& operator=(const outside_draft&) = delete;
  ~outside_draft();

  void* place() const noexcept;
  process& subject() const noexcept { return *subject_; }
  /// A pid that names nobody: the runtime is being shut down, and nothing was started.
  pid launch();

 private:
  runtime& home_;
  process* subject_;
  const spawn_options* options_;
};

[[noreturn]] void refuse_start_after_shutdown();

template <class Function, class... Args>
pid start_from_outside(runtime& home, const spawn_options* options, Function function, Args&&... args) {
  check_process_function<Function, sent_as_t<Args>...>();
  using body = closure<Function, sent_as_t<Args>...>;
  outside_draft child(home, closure_type_of<body>, options);
  ::new (child.place()) body(function, std::forward<Args>(args)...);
  const pid started = child.launch();
  if (!started) refuse_start_after_shutdown();
  return started;
}

/// Runs function(argument) in a process of its own, and waits until that has ended. Throws what the function threw, and
/// call_failed when it did not come to its end.
void call_from_outside(runtime& home, const spawn_options* options, void (*function)(void*), void* argument);

/// What a function returns, on its way from the process that ran it to whoever waits for it.
template <class Result>
class call_result {
 public:
  template <class Function>
  void take_from(Function&& function) {
    result_.emplace(std::forward<Function>(function)());
  }
  Result give() && { return std::move(*result_); }

 private:
  std::optional<Result> result_;
};
template <class Result>
class call_result<Result&> {
 public:
  template <class Function>
  void take_from(Function&& function) {
    result_ = std::addressof(std::forward<Function>(function)());
  }
  Result& give() && { return *result_; }

 private:
  Result* result_ = nullptr;
};
template <>
class call_result<void> {
 public:
  template <class Function>
  void take_from(Function&& function) {
    std::forward<Function>(function)();
  }
  void give() && {}
};

template <class Function, class... Args>
decltype(auto) call_in_process(runtime& home, const spawn_options* options, Function&& function, Args&&... args) {
  call_result<std::invoke_result_t<Function, Args...>> result;
  auto body = [&] {
    result.take_from([&]() -> decltype(auto) {
      return std::invoke(std::forward<Function>(function), std::forward<Args>(args)...);
    });
  };
  call_from_outside(home, options, [](void* place) { (*static_cast<decltype(body)*>(place))(); }, &body);
  return std::move(result).give();
}

}  // namespace mote::detail
