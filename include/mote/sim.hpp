// The world of a deterministic run, as a test scripts it. In deterministic mode (options::deterministic_seed) isolated processes
// run in simulated OS processes, in memory; here a test says when and how one ends that does not end by itself.
// docs/isolated.md.
#pragma once

#include <mote/pid.hpp>

#include <chrono>

namespace mote::sim {

/// How an OS process ends, or falls silent.
enum class os_end {
  exit_code,      ///< as by _exit(code)
  signal,         ///< as by the signal of number code
  out_of_memory,  ///< as when the system kills it
  torn,           ///< it sends half a packet, and whoever reads that ends it: `lost`
  stopped  ///< as by SIGSTOP: nothing of it runs any more, so that it ends as `unresponsive`, or when it is killed
};

/// Ends the simulated OS process of an isolated process, at a moment drawn by the seed. A second call before that moment takes
/// the first one's place. Its processes run no further but for their destructors, which reach nobody outside; what it has sent
/// arrives, and then the end is told.
/// isolated  the isolated process; or, inside, self() of the isolated process itself. One that has ended: nothing happens.
/// code      of exit_code and signal.
/// within    the moment lies between now and so much later, in virtual time, of which each slice of a process takes a
///           microsecond; 0: now.
/// Throws    usage_error outside of deterministic mode, and for a pid that is no isolated process's.
/// Blocks    until one that was just spawned has begun; inside, with a `within` of 0, it does not return. May end the caller.
void end_os_process(pid isolated, os_end how, int code = 0,
                    std::chrono::nanoseconds within = std::chrono::nanoseconds(0));

}  // namespace mote::sim
