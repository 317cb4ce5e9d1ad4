// Programs that are measured from outside, each in an OS process of its own: mote's, which this program becomes with --serve,
// or another system's, which is given as a command.
#pragma once

#include "bench/child.hpp"
#include "bench/harness.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The command that serves `what` for this trial.
std::vector<std::string> server_command(const trial& now, std::string_view what);

/// Becomes the server. what  "echo": prints the port, and sends back what it is sent for ever. "wakeup": reads moments from
/// its standard input (8 bytes, nanoseconds of the wall clock) until the end, and prints how late they were read.
int serve(std::string_view what, unsigned schedulers);

void serve_echo();
void serve_wakeup();

}  // namespace bench
