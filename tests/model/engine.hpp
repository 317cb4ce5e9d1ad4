// The model threads of one checked run: coroutines on one OS thread, one running at a time. Each atomic operation
// comes by point(), where the choices may let another thread go on. A failed run is left where it stands: its stacks
// are not unwound, since the operations that fail are noexcept; the checker then stops, so what leaks is little.
//
// E1  A thread goes on when it is ready; when it paused (spin_pause) and another thread has written since; when what
//     it waits for (wait_until) holds; the body, when all its threads have ended.
// E2  If no thread can go on, those that paused are let on once more with fresh loads, so that old news is not taken
//     for a deadlock. If still none can, the run has failed: deadlock or lost wake-up.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/model/choices.hpp"
#include "tests/model/clock.hpp"
#include "tests/model/memory.hpp"
#include "tests/model/trace.hpp"

namespace mote::model {

/// Something to call, borrowed: it must outlive the call.
struct call_ref {
  void (*function)(void*) = nullptr;
  void* object = nullptr;
  void operator()() const { function(object); }
};
/// A condition, borrowed likewise.
struct condition_ref {
  bool (*function)(void*) = nullptr;
  void* object = nullptr;
  bool operator()() const { return function(object); }
};

class engine {
 public:
  engine();
  ~engine();
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;

  /// The engine whose run the caller is part of; nullptr outside of runs.
  static engine* running() noexcept { return running_; }

  /// Runs the body once. False: the run failed, why() says how.
  bool run(call_ref body, std::uint64_t most_operations);
  const std::string& why() const noexcept { return why_; }

  // For model threads
  void together(const call_ref* calls, std::size_t count);
  void point();
  void pause();
  void wait_until(condition_ref holds);
  [[noreturn]] void fail(const char* why);
  std::size_t current() const noexcept { return current_; }

  choices& decisions() noexcept { return choices_; }
  memory& atomics() noexcept { return memory_; }
  const trace& log() const noexcept { return trace_; }

 private:
  enum class state : std::uint8_t { unused, ready, paused, waiting, joining, ended };
  using context = void*;  // boost::context's fcontext_t

  struct thread {
    state is = state::unused;
    bool retried = false;  // E2
    std::uint64_t writes_at_pause = 0;
    condition_ref holds;
    call_ref call;
    context saved = nullptr;
    void* stack = nullptr;
  };

  static void enter();
  void start(std::size_t number, call_ref call);
  void end_thread();
  bool can_go_on(const thread& one) const;
  std::size_t collect_ready(std::array<std::uint8_t, most_threads>& ready) const;
  bool retry_paused();
  void choose_next();
  void switch_to(std::size_t next);
  context& slot_of_current() noexcept;
  std::string describe_threads() const;

  static constexpr std::size_t nobody = most_threads;

  static engine* running_;
  trace trace_;
  choices choices_;
  memory memory_{choices_, trace_};
  std::array<thread, most_threads> threads_;
  std::size_t current_ = nobody;
  context host_ = nullptr;
  std::uint64_t operations_ = 0;
  std::uint64_t most_operations_ = 0;
  bool failed_ = false;
  std::string why_;
};

}  // namespace mote::model
