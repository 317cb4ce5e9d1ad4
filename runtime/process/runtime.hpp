// A runtime: what all its processes share, from its start to its end.
#pragma once

#include "runtime/base/turnstile.hpp"
#include "runtime/os/fork_watch.hpp"
#include "runtime/process/abroad.hpp"
#include "runtime/process/alarms.hpp"
#include "runtime/process/budget.hpp"
#include "runtime/process/left_locks.hpp"
#include "runtime/process/names.hpp"
#include "runtime/process/table.hpp"
#include "scheduler/group.hpp"

#include <mote/runtime.hpp>

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace mote::detail {

class network;

/// What came of a runtime's deadlocks so far (runtime/observe/deadlock.cpp).
struct deadlock_history {
  bool told = false;
  unsigned ends = 0;  ///< how often somebody was told to end
};

/// Who outside is to be told of a process's end.
struct awaiter {
  void (*ended)(void* context, const reason& why) noexcept = nullptr;
  void* context = nullptr;
};

/// While one lives, std::terminate on a process's stack ends that process only (finish.cpp). The last to go puts back the
/// handler that was there before the first, unless the program has put another over it meanwhile. Any thread.
class terminate_catch {
 public:
  terminate_catch() noexcept;
  ~terminate_catch();
  terminate_catch(const terminate_catch&) = delete;
  terminate_catch& operator=(const terminate_catch&) = delete;
};

/// A runtime: everything its processes share. Made and destroyed by a plain thread (runtime.cpp).
class runtime {
 public:
  /// place: of its pids; 0: one that no other runtime of this OS process has.
  /// host: of a deterministic one that has no threads: whoever made it runs its scheduler by turns (scheduler::run_turn), as
  /// a guest of the host's, with which it shares the clock and the seed.
  /// order: of a deterministic one: in place of the usual seam. Outlives it.
  explicit runtime(const options& given, std::uint64_t place = 0, runtime* host = nullptr, seam* order = nullptr);
  ~runtime();
  runtime(const runtime&) = delete;
  runtime& operator=(const runtime&) = delete;

  /// A process to be, whose closure's place is yet empty, and which run_to_end or submit makes ready. Plain thread. Throws as
  /// spawn does.
  process& prepare_from_outside(const closure_type& body, const spawn_options* options = nullptr);
  /// Gives one back that was prepared and not made ready.
  void discard_from_outside(process& unborn) noexcept;
  /// From now on `then` is called when that process has ended, as the last of all. It was prepared and not made ready.
  void await_end(process& unborn, const awaiter& then);
  /// False: nobody awaits that end any more: `then` has been called, or is just being called, at the runtime's end.
  bool forget_awaiter(std::uint64_t key) noexcept;
  /// Starts the schedulers' threads. Throws std::system_error that names the one refused.
  void start();
  /// Stops the threads and lets nobody from outside in any more; drops what is left. Again does no harm. Plain thread. False:
  /// a thread runs a process that does not come back, and this runtime must not be destroyed.
  bool stop() noexcept;
  /// Starts, runs these and all that they start, until the last of them has ended.
  void run_to_end(std::initializer_list<process*> ready);
  /// As mote::run, for one with an order of its own. 1: it has been given up (conductor::give_up). Plain thread.
  int run_main(int (*call)(void*), void* main);

  const options settings;
  const std::unique_ptr<seam> own_order;  ///< of a deterministic one
  seam* const order;    ///< of a deterministic one that is nobody's guest: what all its schedulers share
  runtime* const host;  ///< whose guest it is; nullptr: nobody's
  std::unique_ptr<network> net;  ///< outlives all that may hold a socket
  process_table table;
  std::unique_ptr<abroad> elsewhere;  ///< the way to other OS processes' processes, if there are any; set before it runs
  stack_arena stacks;
  name_table names;
  std::mutex details_lock;  ///< of process::details, everyone's
  left_locks locks_left;
  scheduler_group schedulers;
  std::uint8_t default_size_class;

  /// What the machine and this runtime offer, a fact a line.
  std::string describe() const;

  /// How many processes wait for what is outside, without a time limit (wait.cpp): while there are any, that all processes wait is
  /// no deadlock.
  std::atomic<std::uint32_t> outside_waits{0};
  deadlock_history deadlocks;
  /// How many were abandoned: their stacks' contents leaked.
  std::atomic<std::uint64_t> abandoned{0};
  /// How many stacks were discarded, by that or by std::terminate, with an exception on them, which is never destroyed.
  std::atomic<std::uint64_t> lost_exceptions{0};
  /// How many held a mutex when they left their scheduler. Counted only by builds that check mutexes.
  std::atomic<std::uint64_t> mutex_holders{0};
  bool tells_first_end = true;  ///< on stderr, when the first process ends in no orderly way
  /// What waits in all mailboxes, and how much may (options::mailbox_budget_bytes).
  budget all_mail;
  const bool mail_is_slow;          ///< simulated (seam::postpones)
  const std::uint64_t usual_inbox;  ///< with which flags an inbox begins
  alarms watched;  ///< what the system monitor wants to hear of

  std::uint64_t first_key = 0;
  std::uint64_t root_key = 0;  ///< of the process that starts the first one, if there is one, and ends the others

  // ---- from outside: outside.hpp ----
  turnstile visitors;  ///< H1
  turnstile starts;    ///< H2
  const std::uint32_t forks_before = forks_seen();  ///< H4
  runtime* listed_after = nullptr;  ///< H3, under the list's lock
  /// Ways by which somebody outside may yet send or spawn: while there are some, that all processes wait is no deadlock.
  std::atomic<std::uint32_t> ways_in{0};
  /// How many were started from outside.
  std::atomic<std::uint64_t> started_outside{0};
  /// finish.cpp: tells who awaits the end of that process.
  MOTE_COLD void tell_awaiter(std::uint64_t key, const reason& why) noexcept;

 private:
  bool run_conducted(process& root);
  std::shared_ptr<void> kept_for_root_;  ///< of run_main: a run that was given up stands on it for good
  void tell_all_awaiters() noexcept;
  void drop_what_is_left() noexcept;
  bool stopped_ = false;
  std::optional<terminate_catch> catches_terminate_;
  std::mutex awaiters_lock_;
  std::unordered_map<std::uint64_t, awaiter> awaiters_;  ///< by the process's key
};

}  // namespace mote::detail
