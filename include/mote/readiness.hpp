// Waiting for a descriptor of the program's own: a pipe, a socket, a device, an eventfd, a signalfd, a pidfd.
//
// Sockets of <mote/net.hpp> wait by themselves.
#pragma once

#include <mote/deadline.hpp>

#include <system_error>

namespace mote {

/// Waits until a read (a write) of this descriptor would not block: there is data, or room, the other end is closed, or an
/// error stands. What cannot be waited for, as a plain file, is always ready. One process at a time waits to read a
/// descriptor and one to write it. The caller keeps it open until the call returns, or ends the process, and makes it
/// non-blocking if others may read it too.
/// Returns  false: the time is up.
/// Throws   std::system_error: no such descriptor; another process waits for it on this side already
///          (device_or_resource_busy); a limit. usage_error from a plain thread. In deterministic mode
///          function_not_supported: there are no descriptors in a simulated world.
/// May end the process; others run meanwhile. Costs two system calls beside the wait.
bool wait_readable(int descriptor, deadline until = {});
bool wait_writable(int descriptor, deadline until = {});
bool wait_readable(int descriptor, std::error_code& error, deadline until = {});
bool wait_writable(int descriptor, std::error_code& error, deadline until = {});

}  // namespace mote
