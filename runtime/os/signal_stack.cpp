// The signal stack lies above a page without access, so a handler which needs more faults instead of writing elsewhere.
#include "runtime/os/signal_stack.hpp"

#include <sys/auxv.h>

#include <cerrno>
#include <system_error>

#include "runtime/base/check.hpp"
#include "runtime/os/address_space.hpp"

#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

namespace mote::detail {
namespace {

// A page without access and then the bytes.
std::byte* guarded_memory(std::size_t bytes) {
  std::byte* const memory = reserve_addresses(page_bytes() + bytes);
  if (memory != nullptr && allow_access(memory + page_bytes(), bytes)) return memory;
  if (memory != nullptr) release_addresses(memory, page_bytes() + bytes);
  throw std::system_error(ENOMEM, std::generic_category(), "memory for a thread's signal stack");
}

}  // namespace

std::size_t least_signal_stack_bytes() noexcept {
  const unsigned long told = getauxval(AT_MINSIGSTKSZ);
  return told != 0 ? told : static_cast<std::size_t>(MINSIGSTKSZ);
}

std::size_t signal_stack::usable_bytes() noexcept {
  const std::size_t wanted = least_signal_stack_bytes() + 64 * 1024;
  return (wanted + page_bytes() - 1) / page_bytes() * page_bytes();
}

signal_stack::signal_stack() : memory_(guarded_memory(usable_bytes())) {
  stack_t here{};
  here.ss_sp = memory_ + page_bytes();
  here.ss_size = usable_bytes();
  if (sigaltstack(&here, &before_) == 0) return;
  const int error = errno;
  release_addresses(memory_, page_bytes() + usable_bytes());
  throw std::system_error(error, std::system_category(), "sigaltstack");
}

signal_stack::~signal_stack() {
  before_.ss_flags &= ~SS_ONSTACK;  // the kernel's to report, not ours to set
  MOTE_CHECK(sigaltstack(&before_, nullptr) == 0);
  release_addresses(memory_, page_bytes() + usable_bytes());
}

}  // namespace mote::detail
