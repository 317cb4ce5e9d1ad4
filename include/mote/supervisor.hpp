// Supervisors: processes that start others, and start them again when they end. As OTP's supervisor, strategy one_for_one: each
// child is restarted by itself. A supervisor is a server; it may be a child of another.
#pragma once

#include <mote/isolated.hpp>
#include <mote/message.hpp>
#include <mote/process.hpp>
#include <mote/reason.hpp>
#include <mote/server.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace mote {

/// Which ends of a child make its supervisor start it again: all; all but normal and shutdown; none.
enum class restart : std::uint8_t { permanent, transient, temporary };
/// What which_children says of it, and how long it is given to end: see child_spec::shutdown.
enum class child_type : std::uint8_t { worker, supervisor };

/// As child_spec::shutdown: no exit signal `shutdown` first, but kill() at once.
inline constexpr std::chrono::nanoseconds brutal_kill = std::chrono::nanoseconds::min();

/// How to start a child, again and again: a function without captures and its arguments, which are copied each time. The
/// function runs in the supervisor; it starts a process linked to its caller, and returns its pid.
class child_start {
 public:
  child_start() noexcept = default;
  /// Throws what the copies of the arguments throw.
  template <class Function, class... Args>
  requires(detail::plain_function<std::decay_t<Function>>) explicit child_start(Function function, Args&&... args)
      : kept_(std::make_unique<kept<Function, detail::sent_as_t<Args>...>>(function, std::forward<Args>(args)...)) {
    static_cast<void>((detail::check_message<detail::sent_as_t<Args>>() && ...));
  }
  /// For a child that is a plain process: spawn_link(function, args...).
  template <class Function, class... Args>
  static child_start spawning(Function function, Args&&... args) {
    return keeping([function](auto&&... values) -> pid { return spawn_link(function, std::move(values)...); },
                   std::forward<Args>(args)...);
  }
  /// For one that is an isolated process: spawn_link(how, function, args...).
  template <class Function, class... Args>
  static child_start spawning(const isolation& how, Function function, Args&&... args) {
    return keeping([how, function](auto&&... values) -> pid { return spawn_link(how, function, std::move(values)...); },
                   std::forward<Args>(args)...);
  }
  child_start(const child_start& other) : kept_(other.kept_ != nullptr ? other.kept_->clone() : nullptr) {}
  child_start(child_start&&) noexcept = default;
  child_start& operator=(child_start other) noexcept {
    kept_ = std::move(other.kept_);
    return *this;
  }
  ~child_start() = default;

  explicit operator bool() const noexcept { return kept_ != nullptr; }
  pid operator()() const { return kept_->start(); }

 private:
  struct startable {
    virtual ~startable() = default;
    virtual pid start() const = 0;
    virtual std::unique_ptr<startable> clone() const = 0;
  };
  template <class Function, class... Stored>
  struct kept final : startable {
    template <class... Args>
    explicit kept(Function given, Args&&... args) : function(given), arguments(std::forward<Args>(args)...) {}
    pid start() const override {
      return std::apply([this](const Stored&... values) -> pid { return function(Stored(values)...); }, arguments);
    }
    std::unique_ptr<startable> clone() const override { return std::make_unique<kept>(*this); }

    Function function;
    std::tuple<Stored...> arguments;
  };

  template <class Begin, class... Args>
  static child_start keeping(Begin begin, Args&&... args) {
    child_start made;
    made.kept_ = std::make_unique<kept<Begin, detail::sent_as_t<Args>...>>(begin, std::forward<Args>(args)...);
    return made;
  }

  std::unique_ptr<startable> kept_;
};

template <>
struct message_traits<child_start> {
  static constexpr bool owns_all = true;
};

/// A child, as its supervisor knows it.
struct child_spec {
  std::string id;     ///< unique among its siblings
  child_start start;
  mote::restart restart = mote::restart::permanent;
  /// How long it may take to end once it got an exit signal `shutdown`; then it is killed. brutal_kill, or infinity.
  std::chrono::nanoseconds shutdown = std::chrono::seconds(5);
  child_type type = child_type::worker;
};

/// A child that is a server: started by start_link<S>(args...), where a spawn_options may come first.
template <class S, class... Args>
child_spec child(std::string id, Args&&... args) {
  constexpr auto begin = [](auto&&... values) -> pid { return start_link<S>(std::move(values)...); };
  child_spec made;
  made.id = std::move(id);
  made.start = child_start(begin, std::forward<Args>(args)...);
  return made;
}
/// A child that is a plain process: spawn_link(function, args...).
template <class Function, class... Args>
requires(detail::plain_function<std::decay_t<Function>>) child_spec child(std::string id, Function function, Args&&... args) {
  static_cast<void>(detail::check_process_function<Function, detail::sent_as_t<Args>...>());
  child_spec made;
  made.id = std::move(id);
  made.start = child_start::spawning(function, std::forward<Args>(args)...);
  return made;
}
/// A child that is an isolated process: spawn_link(how, function, args...). how: mote::isolated, or an isolation of one's own.
template <class Function, class... Args>
requires(detail::plain_function<std::decay_t<Function>>) child_spec
    child(std::string id, const isolation& how, Function function, Args&&... args) {
  child_spec made;
  made.id = std::move(id);
  made.start = child_start::spawning(how, function, std::forward<Args>(args)...);
  return made;
}

/// More restarts than `intensity` within `period`, the moments at its ends included, and the supervisor gives up: it stops its
/// children and ends with reason shutdown.
struct supervisor_flags {
  std::uint32_t intensity = 1;
  std::chrono::nanoseconds period = std::chrono::seconds(5);
};

namespace detail {
class supervisor_state;
}  // namespace detail
using supervisor = server<detail::supervisor_state>;

/// Starts a supervisor, linked to the caller, and with it the children, one after the other. It traps exits.
/// Throws  start_failed when a child could not be started; those before it are stopped again, in reverse order. What start
///         throws; usage_error when two children have one id, or one has none or no start.
/// Blocks  until all children have begun. May end the process.
supervisor start_supervisor(supervisor_flags flags, std::vector<child_spec> children);
supervisor start_supervisor(const spawn_options& options, supervisor_flags flags, std::vector<child_spec> children);
/// A child that is a supervisor. It may take as long as it wants to stop its own children.
child_spec supervisor_child(std::string id, supervisor_flags flags, std::vector<child_spec> children);

enum class child_problem : std::uint8_t { already_present, already_started, not_found, running, restarting, start_failed };

/// What was asked of a supervisor cannot be done.
class child_error : public std::runtime_error {
 public:
  child_error(child_problem what, std::string_view id, pid process, reason why);
  child_problem problem() const noexcept { return what_; }
  /// already_started and running: which process it is.
  pid process() const noexcept { return process_; }
  /// start_failed: why.
  const reason& why() const noexcept { return why_; }

 private:
  child_problem what_;
  pid process_;
  reason why_;
};

// Calls of a supervisor. Each waits for its answer as long as it takes, and throws as call() does, and child_error.

/// Adds a child and starts it. One that cannot be started is not added.
pid start_child(const supervisor& which, child_spec spec);
/// Stops a child as at shutdown; its spec stays, unless it is temporary. One that does not run is none the worse.
void terminate_child(const supervisor& which, std::string_view id);
/// Starts a child that does not run. One that cannot be started stays as it was.
pid restart_child(const supervisor& which, std::string_view id);
/// Forgets a child that does not run.
void delete_child(const supervisor& which, std::string_view id);

struct child_info {
  std::string id;
  pid process;      ///< nobody: it does not run
  bool restarting;  ///< its restart failed, and will be tried again
  child_type type;
};
/// In the order of their start.
std::vector<child_info> which_children(const supervisor& which);

struct child_counts {
  std::size_t specs, active, supervisors, workers;
};
child_counts count_children(const supervisor& which);

}  // namespace mote
