// A memory barrier in all running threads of this OS process, paid by the one that asks (membarrier(2)). So the other
// side of a store-load race needs a compiler barrier only.
#pragma once

namespace mote::detail {

/// Registers this OS process at the first call. false: the kernel has none (before 4.14, or a sandbox refuses it).
bool membarrier_available() noexcept;

/// Each other thread of this OS process passes a full barrier between this call's begin and its end, and so does this
/// one. Takes about 12 microseconds where another thread runs. Requires membarrier_available().
void membarrier_all() noexcept;

}  // namespace mote::detail
