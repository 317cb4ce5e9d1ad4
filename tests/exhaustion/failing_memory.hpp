// Memory that runs out when a test says so: every block that this program asks for, by operator new or of the runtime's own
// (runtime/memory/blocks.hpp), is counted, and the nth from now may be refused.
#pragma once

#include <cstdint>

namespace mote::test::memory {

/// From now on, refuses the nth request (from 1) and those behind it, how_many in all. All threads.
void refuse(std::uint64_t nth, std::uint64_t how_many);
/// Whether any was since.
bool was_refused();
/// There is memory again. Whether any was refused.
bool restore();
/// Blocks given out and not given back.
std::int64_t live_blocks();

}  // namespace mote::test::memory
