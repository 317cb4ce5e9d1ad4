// Which function an address of code lies in, for reports: found in the symbol table of the program's or library's file, so that
// functions which no other module sees have a name too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mote::detail {

/// Where an address lies. All texts end with a zero; empty: not known.
struct code_place {
  char module[192] = {};      ///< path of the program or library
  char symbol[320] = {};      ///< the function, as the linker knows it
  std::uintptr_t offset = 0;  ///< the address in the module's file, as addr2line and gdb take it
};

/// Any thread. Async-signal-safe: no lock, no memory from the allocator; about 2 KiB of stack. Opens and maps the module's file,
/// and reads its symbols through: some milliseconds for a large program. Changes errno.
code_place find_code(const void* address) noexcept;

/// A program or library in memory, and the addresses it takes.
struct module_place {
  char path[192] = {};       ///< ends with a zero
  std::uintptr_t base = 0;   ///< what to take from an address to get one of the file's
  std::uintptr_t begin = 0, end = 0;  ///< equal: there is none
};

/// The module an address lies in. Async-signal-safe; takes no lock, and opens no file. Changes errno.
module_place find_module(const void* address) noexcept;

/// The linker's name of the function at an offset in a module's file (code_place); empty: there is none, or no such file. Any
/// thread. Throws std::bad_alloc.
std::string symbol_in(const char* path, std::uintptr_t offset);

/// The function's readable name: "compress(int, char const*)"; without one, file and offset: "libz.so.1+0x1f40"; "?" when
/// nothing is known. Any thread, not in a signal handler. Throws std::bad_alloc.
std::string function_at(const void* address);

/// The readable form of a linker's name; what is none stays as it is. As function_at.
std::string demangled(const char* symbol);

}  // namespace mote::detail
