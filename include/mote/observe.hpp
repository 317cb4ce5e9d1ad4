// Looking in: what a running program does, in numbers. docs/observing.md.
//
// Every function here is called from a process; from a plain thread it throws usage_error. mote::runtime and mote::runtime_handle
// have the same for any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mote {

/// Of one scheduler, since it was started.
struct scheduler_statistics {
  std::uint64_t turns = 0;       ///< looks for a process to run: almost all found one
  std::uint64_t sleeps = 0;      ///< times it slept and was woken, but for the short sleeps of a watcher
  std::uint64_t shares = 0;      ///< times it offered the half of its queue to others
  std::uint64_t steals = 0;      ///< times it took from another's offer
  std::uint64_t migrations = 0;  ///< processes it gave to another with less to do
  std::uint64_t raids = 0;       ///< times it took what was stuck behind a long-running process
  std::uint64_t handoffs = 0;    ///< times it went on in another thread, since a process did not let go of it
  std::size_t ready = 0;         ///< processes that wait for their turn now
  std::size_t timers = 0;        ///< armed now
};

/// Of a whole runtime. Counts since its start, unless it says otherwise.
struct runtime_statistics {
  std::size_t processes = 0;         ///< alive now
  std::uint64_t spawned = 0, ended = 0;
  std::uint64_t abandoned = 0;       ///< of those ended: their stacks' contents leaked
  std::size_t threads = 0;           ///< in use now, beside those of the schedulers: lost to processes, or in blocking calls
  std::uint64_t threads_lacked = 0;  ///< times no thread was left for a hand-off or a blocking call (options::max_threads)
  std::size_t ready = 0;             ///< processes that wait for their turn now
  std::size_t injected = 0;          ///< of those, spawned or woken from outside, and no scheduler's yet
  std::size_t timers = 0;            ///< armed now
  std::size_t process_bytes = 0;     ///< memory of control blocks, of those alive and of those used before
  std::size_t stacks = 0;            ///< in use now, or kept by a scheduler for the next process
  std::size_t stack_address_bytes = 0;  ///< addresses opened for stacks; memory is taken by those touched
  std::vector<scheduler_statistics> schedulers;
};

/// The numbers of the caller's runtime. Constant time for each scheduler: no process, mailbox or queue is walked. What runs
/// meanwhile is counted or is not, so sums may be off by what is under way. Throws std::bad_alloc.
runtime_statistics statistics();

/// How a dump is written: for a person, or for programs (mote-dump reads it; docs/observing.md tells the format).
enum class dump_format : std::uint8_t { text, json };

/// All that can be seen of the caller's runtime: each process with what it does or waits for, its mailbox, ties and the calls
/// on its stack; each scheduler with its last events; supervisors with their children. As Go's runtime.Stack of all.
/// The other schedulers stand still while it looks (options::backtraces): for some milliseconds with 1,000 processes.
/// Throws std::bad_alloc, std::system_error.
std::string dump(dump_format how = dump_format::text);

}  // namespace mote
