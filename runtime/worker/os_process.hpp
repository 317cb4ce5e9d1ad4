// What an OS process runs that was started for an isolated process.
#pragma once

#include "runtime/os/zygote.hpp"

namespace mote::detail {

/// Runs in the new OS process, which has one thread; never returns there.
void run_isolated_process(const os_process_start& given);

}  // namespace mote::detail
