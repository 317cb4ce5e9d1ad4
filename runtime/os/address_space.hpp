// Ranges of addresses and the pages behind them: the memory system calls of the runtime, each under the name of what it
// is for. All addresses and sizes are multiples of the page size. Nothing here throws; what can fail says so.
#pragma once

#include <cstddef>
#include <span>

namespace mote::detail {

struct address_range {
  std::byte* begin;
  std::size_t bytes;
};

/// The kernel's page size in bytes. Any thread; async-signal-safe after the first call.
std::size_t page_bytes() noexcept;

/// Sets bytes of addresses aside, without access and without memory behind them; never as huge pages.
/// Returns nullptr when refused (limit of address space, valgrind, a sanitizer).
std::byte* reserve_addresses(std::size_t bytes) noexcept;
void release_addresses(std::byte* begin, std::size_t bytes) noexcept;

/// Opens a range for reading and writing; pages appear at their first touch. false: refused (limit of memory, of
/// mappings).
bool allow_access(std::byte* begin, std::size_t bytes) noexcept;
/// Closes a range, which becomes a mapping of its own. false: refused (the kernel's limit of 65,530 mappings).
bool forbid_access(std::byte* begin, std::size_t bytes) noexcept;

/// Maps fresh pages over a range that is open for access, as part of the same mapping. Dearer than discard_pages, and
/// seen by tools that follow what is mapped. false: refused, and nothing changed.
bool remap_pages(std::byte* begin, std::size_t bytes) noexcept;

/// Gives the pages of the ranges back; they read as zero afterwards. One system call for up to 64 ranges where the
/// kernel allows it.
void discard_pages(std::span<const address_range> ranges) noexcept;

/// Marks the ranges so that touching them faults, without splitting the mapping (MADV_GUARD_INSTALL, Linux 6.13). What
/// was in them is lost. false: not all could be marked (older kernel, locked memory, no memory for page tables).
bool install_guards(std::span<const address_range> ranges) noexcept;
/// Undoes install_guards; the range reads as zero.
bool remove_guard(std::byte* begin, std::size_t bytes) noexcept;

}  // namespace mote::detail
