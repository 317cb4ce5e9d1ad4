// The starter of OS processes: forked from the program while that has one thread, it has one thread itself, so that what it
// forks in turn may run any code. It is their parent, reaps them, kills them with all that they have started, and outlives
// the program only to do that. docs/design/isolated.md.
//
// Z1  The starter alone reaps. So the number of an OS process that it knows names that one and no later one, and a signal to
//     it hits nobody else.
// Z2  An OS process takes in the orphans of what it starts (subreaper), and the starter takes in its. So a child of the
//     starter's that it has not forked belongs to one that has ended, and is killed; so on, until there is none.
// Z3  Whoever holds the near end of a `status` socket owns that OS process: a byte from there, or its end, kills it. The
//     program's death ends all such sockets, and the starter sees it by a pidfd besides.
#pragma once

#include "runtime/os/packet_socket.hpp"

#include <cstdint>

namespace mote::detail {

/// What is asked of the starter. Travels as it is.
struct start_request {
  std::uint64_t max_memory_bytes = 0;  ///< of addresses, RLIMIT_AS; 0: as the program's
};

/// How an OS process ended, as the starter tells its owner. Travels as it is.
struct os_ending {
  std::int32_t started_error = 0;  ///< errno of the fork; what follows counts only if it is 0
  std::int32_t status = 0;         ///< exit status, or a signal's number
  bool by_signal = false;
  bool asked_for = false;      ///< it was killed on demand
  bool starter_gone = false;   ///< nobody can tell any more; said by the program to itself
  bool out_of_memory = false;  ///< the system killed one of this cgroup for want of memory about then
};

/// What an OS process begins with.
struct os_process_start {
  int channel;  ///< packets to and from the program
  int page;     ///< descriptor of the page shared with it
};

/// Forks the starter, unless it runs already. body: what each OS process runs; it need not return.
/// Returns  false when the program has more than one thread already, or the system refuses.
bool start_zygote(void (*body)(const os_process_start& given));
/// In the child of a fork: the starter is the parent's.
void forget_zygote() noexcept;
/// Whether one was started. It may have been killed since.
bool zygote_started() noexcept;
/// Any thread. Starts an OS process. The ends belong to it; the caller keeps its own.
/// Returns  0, EPIPE when the starter is gone, or another errno value (EAGAIN: later).
int ask_zygote(const start_request& wish, const descriptor& channel, const descriptor& status, const descriptor& page) noexcept;

/// How many threads this OS process has.
unsigned count_threads();

}  // namespace mote::detail
