// How a function and its arguments get from the caller of spawn to the new process: straight into memory that the new
// process owns, before anyone can see it.
#pragma once

#include <mote/message.hpp>
#include <mote/pid.hpp>

#include <cstddef>
#include <cstdint>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

namespace mote {
struct spawn_options;
struct isolation;
}

namespace mote::detail {

class process;

/// What stands before the function in a spawn's arguments.
template <class T>
inline constexpr bool is_option = std::is_same_v<T, spawn_options> || std::is_same_v<T, isolation>;

enum class tie { none, link, monitor };

/// How to run and to drop what a draft holds. One per closure type.
struct closure_type {
  std::size_t size, alignment;
  void (*run)(void* place);            ///< calls the function with the arguments, then destroys both; may throw
  void (*drop)(void* place) noexcept;  ///< for a process that ends before it runs
};

struct spawned {
  pid process;
  ref monitor;
};

/// A process slot taken and not yet started. Given back unless launched.
class draft {
 public:
  /// Throws system_limit when the process table is full, usage_error from a plain thread or for impossible options.
  draft(const closure_type& type, const spawn_options* options);
  draft(const draft&) = delete;
  draft& operator=(const draft&) = delete;
  ~draft() {
    if (subject_ != nullptr) discard();
  }
  void* place() const noexcept { return place_; }
  /// Generation and index of the process to be, in one word.
  std::uint64_t key() const noexcept;
  /// Who it is to be.
  process& subject() const noexcept { return *subject_; }
  spawned launch(tie how);

 private:
  void discard() noexcept;

  process* subject_;
  void* place_;
  const spawn_options* options_;
};

template <class Function, class... Stored>
class closure {
 public:
  template <class... Args>
  explicit closure(Function function, Args&&... args)
      : function_(function), arguments_(std::forward<Args>(args)...) {}

  static void run(void* place) {
    struct owner {
      closure* held;
      ~owner() { held->~closure(); }
    } own{static_cast<closure*>(place)};
    std::apply([&](Stored&... values) { static_cast<void>(own.held->function_(std::move(values)...)); },
               own.held->arguments_);
  }
  static void drop(void* place) noexcept { static_cast<closure*>(place)->~closure(); }

 private:
  [[no_unique_address]] Function function_;
  [[no_unique_address]] std::tuple<Stored...> arguments_;
};

template <class Closure>
inline constexpr closure_type closure_type_of{sizeof(Closure), alignof(Closure), &Closure::run, &Closure::drop};

template <class Function, class... Args>
spawned start(const spawn_options* options, tie how, Function function, Args&&... args) {
  check_process_function<Function, sent_as_t<Args>...>();
  using body = closure<Function, sent_as_t<Args>...>;
  draft child(closure_type_of<body>, options);
  ::new (child.place()) body(function, std::forward<Args>(args)...);
  return child.launch(how);
}

}  // namespace mote::detail
