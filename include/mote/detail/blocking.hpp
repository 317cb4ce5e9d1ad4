// What blocking() is made of.
#pragma once

namespace mote::detail {

/// Runs call(what) on a thread of the pool; returns, or throws what it threw, when it has ended.
void run_blocking(void (*call)(void* what), void* what);

}  // namespace mote::detail
