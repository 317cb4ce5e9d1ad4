// The registers are the kernel's to name (ucontext), the callers the unwinder's to find: it knows a signal's frame, and walks
// through it without a lock (glibc 2.35 and later), since exceptions are thrown that way. What the compiler notes of a function's
// calls is the table that __gxx_personality_v0 reads (Itanium C++ ABI, Exception Handling Tables; libstdc++'s eh_personality.cc).
#include "runtime/os/fault.hpp"

#include <dlfcn.h>
#include <ucontext.h>
#include <unwind.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>

namespace mote::detail {
namespace {

#if defined(__x86_64__) && defined(__LP64__)

// By the numbers that the ABI's unwind tables give them, and the kernel its own.
constexpr int kept_by_unwinder[call_frame::kept_registers] = {3, 6, 12, 13, 14, 15};
constexpr int kept_by_kernel[call_frame::kept_registers] = {REG_RBX, REG_RBP, REG_R12, REG_R13, REG_R14, REG_R15};

greg_t& machine_register(void* state, int which) noexcept { return static_cast<ucontext_t*>(state)->uc_mcontext.gregs[which]; }

struct walk {
  const std::byte* from;
  std::span<call_frame> into;
  std::size_t found = 0;
};

// Called for the handler's own frames first, which are passed over.
_Unwind_Reason_Code note_frame(_Unwind_Context* frame, void* state) noexcept {
  auto& now = *static_cast<walk*>(state);
  const auto* const at = reinterpret_cast<const std::byte*>(_Unwind_GetIP(frame));
  if (now.found == 0 && at != now.from) return _URC_NO_REASON;
  if (now.found == now.into.size()) return _URC_END_OF_STACK;
  call_frame& seen = now.into[now.found++];
  seen.at = at;
  seen.stack_pointer = reinterpret_cast<std::byte*>(_Unwind_GetCFA(frame));
  seen.begin = reinterpret_cast<const std::byte*>(_Unwind_GetRegionStart(frame));
  seen.table = static_cast<const std::byte*>(_Unwind_GetLanguageSpecificData(frame));
  for (std::size_t i = 0; i < call_frame::kept_registers; ++i) {
    seen.kept[i] = reinterpret_cast<void*>(_Unwind_GetGR(frame, kept_by_unwinder[i]));
  }
  return _URC_NO_REASON;
}

#endif

// A library is known by where the loader put it. The program itself is none.
const void* library_of(const void* address) noexcept {
#if defined(DLFO_STRUCT_HAS_EH_DBASE)
  ::dl_find_object found{};
  return ::_dl_find_object(const_cast<void*>(address), &found) == 0 ? found.dlfo_map_start : nullptr;
#else
  ::Dl_info found{};
  return ::dladdr(address, &found) != 0 ? found.dli_fbase : nullptr;
#endif
}

std::array<const void*, 4> system_libraries{};

// Reads such a table from its start.
class exception_table {
 public:
  explicit exception_table(const std::byte* at) noexcept : at_(at) {}
  std::uint8_t byte() noexcept { return static_cast<std::uint8_t>(*at_++); }
  std::uint64_t uleb128() noexcept {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const std::uint8_t part = byte();
      value |= std::uint64_t{part & 0x7Fu} << shift;
      if (part < 0x80) return value;
    }
  }
  /// By the encodings of offsets that compilers use: uleb128, or 2, 4, 8 bytes.
  std::uint64_t offset(std::uint8_t encoding) noexcept {
    if ((encoding & 0xF) == 1) return uleb128();
    std::uint64_t value = 0;
    const std::size_t bytes = std::size_t{1} << std::clamp(int{encoding & 7} - 1, 0, 3);
    std::memcpy(&value, at_, bytes);
    at_ += bytes;
    return value;
  }
  const std::byte* at() const noexcept { return at_; }

 private:
  const std::byte* at_;
};

constexpr std::uint8_t omitted = 0xFF;

}  // namespace

bool expects_exception(const call_frame& frame) noexcept {
  if (frame.table == nullptr) return true;
  exception_table table(frame.table);
  if (table.byte() != omitted) return false;  // landing pads somewhere else: no compiler does that
  if (table.byte() != omitted) static_cast<void>(table.uleb128());
  const std::uint8_t encoding = table.byte();
  const std::uint64_t bytes = table.uleb128();
  const std::byte* const end = table.at() + bytes;
  const auto call = static_cast<std::uint64_t>(frame.at - frame.begin) - 1;
  while (table.at() < end) {
    const std::uint64_t begin = table.offset(encoding), length = table.offset(encoding);
    static_cast<void>(table.offset(encoding));
    static_cast<void>(table.uleb128());
    if (call >= begin && call - begin < length) return true;
  }
  return false;
}

#if defined(__x86_64__) && defined(__LP64__)

const std::byte* fault::instruction() const noexcept {
  return reinterpret_cast<const std::byte*>(machine_register(state_, REG_RIP));
}

std::byte* fault::stack_pointer() const noexcept { return reinterpret_cast<std::byte*>(machine_register(state_, REG_RSP)); }

std::size_t fault::callers(std::span<call_frame> into) const noexcept {
  walk all{instruction(), into};
  _Unwind_Backtrace(&note_frame, &all);
  return all.found;
}

void fault::call_instead(const call_frame& frame, void (*callee)()) const noexcept {
  for (std::size_t i = 0; i < call_frame::kept_registers; ++i) {
    machine_register(state_, kept_by_kernel[i]) = reinterpret_cast<greg_t>(frame.kept[i]);
  }
  std::byte* const returns_to = frame.stack_pointer - sizeof(void*);
  std::memcpy(returns_to, &frame.at, sizeof frame.at);
  machine_register(state_, REG_RSP) = reinterpret_cast<greg_t>(returns_to);
  machine_register(state_, REG_RIP) = reinterpret_cast<greg_t>(callee);
}

bool fault::step(bool on) const noexcept {
  constexpr greg_t trap_flag = 0x100;
  greg_t& flags = machine_register(state_, REG_EFL);
  flags = on ? flags | trap_flag : flags & ~trap_flag;
  return true;
}

// call rel32; call through a register or memory, with or without a prefix for the upper registers.
std::size_t fault::bytes_of_call() const noexcept {
  std::uint8_t code[8];
  std::memcpy(code, instruction(), sizeof code);
  if (code[0] == 0xE8) return 5;
  const std::size_t prefix = (code[0] & 0xF0) == 0x40 ? 1 : 0;
  if (code[prefix] != 0xFF || (code[prefix + 1] >> 3 & 7) != 2) return 0;
  const unsigned mode = code[prefix + 1] >> 6, base = code[prefix + 1] & 7;
  const std::size_t index = mode != 3 && base == 4 ? 1 : 0;
  const bool absolute = mode == 0 && (base == 5 || (index != 0 && (code[prefix + 2] & 7) == 5));
  return prefix + 2 + index + (mode == 1 ? 1 : mode == 2 || absolute ? 4 : 0);
}

#elif defined(__aarch64__)

const std::byte* fault::instruction() const noexcept {
  return reinterpret_cast<const std::byte*>(static_cast<ucontext_t*>(state_)->uc_mcontext.pc);
}
std::byte* fault::stack_pointer() const noexcept {
  return reinterpret_cast<std::byte*>(static_cast<ucontext_t*>(state_)->uc_mcontext.sp);
}
std::size_t fault::callers(std::span<call_frame>) const noexcept { return 0; }
void fault::call_instead(const call_frame&, void (*)()) const noexcept {}
bool fault::step(bool) const noexcept { return false; }
std::size_t fault::bytes_of_call() const noexcept { return 0; }

#else
#error "mote: which register is the stack pointer?"
#endif

void know_system_libraries() noexcept {
  constexpr const char* known[] = {"abort", "__cxa_throw", "_Unwind_RaiseException", "_dl_find_object"};
  static_assert(std::size(known) == std::tuple_size_v<decltype(system_libraries)>);
  for (std::size_t i = 0; i < std::size(known); ++i) {
    const void* const at = ::dlsym(RTLD_DEFAULT, known[i]);
    system_libraries[i] = at != nullptr ? library_of(at) : nullptr;
  }
}

bool in_system_library(const void* address) noexcept {
  const void* const own = library_of(address);
  return std::find(system_libraries.begin(), system_libraries.end(), own) != system_libraries.end();
}

}  // namespace mote::detail
