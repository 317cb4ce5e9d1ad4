// The loader tells the module without a lock (_dl_find_object, as unwinders ask it), the module's file tells the symbols: ELF, of
// this machine's own word size. A file that is none, or is cut off, has no symbols: every offset in it is checked.
#include "runtime/os/symbols.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace mote::detail {
namespace {

template <std::size_t Size>
void copy_text(char (&into)[Size], std::string_view text) noexcept {
  const std::size_t fits = std::min(text.size(), Size - 1);
  std::copy_n(text.data(), fits, into);
  into[fits] = '\0';
}

// A file, mapped for reading while one lives; empty when it cannot be had.
class mapped_file {
 public:
  explicit mapped_file(const char* path) noexcept {
    const int file = ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    struct stat facts {};
    if (::fstat(file, &facts) == 0 && facts.st_size > 0) {
      bytes_ = static_cast<std::size_t>(facts.st_size);
      void* const at = ::mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, file, 0);
      begin_ = at != MAP_FAILED ? static_cast<const std::byte*>(at) : nullptr;
    }
    ::close(file);
  }
  ~mapped_file() {
    if (begin_ != nullptr) ::munmap(const_cast<std::byte*>(begin_), bytes_);
  }
  mapped_file(const mapped_file&) = delete;
  mapped_file& operator=(const mapped_file&) = delete;

  /// count objects at that offset; empty: they do not all lie in the file.
  template <class T>
  std::span<const T> at(std::size_t offset, std::size_t count) const noexcept {
    if (begin_ == nullptr || offset > bytes_ || count > (bytes_ - offset) / sizeof(T) || offset % alignof(T) != 0) return {};
    return {reinterpret_cast<const T*>(begin_ + offset), count};
  }

 private:
  const std::byte* begin_ = nullptr;
  std::size_t bytes_ = 0;
};

using section = ElfW(Shdr);
using symbol = ElfW(Sym);

// The name of the function that holds this offset, by one table of symbols; empty: none does.
std::string_view name_in(const mapped_file& file, const section& table, const section& names, std::uintptr_t offset) noexcept {
  const auto text = file.at<char>(names.sh_offset, names.sh_size);
  for (const symbol& each : file.at<symbol>(table.sh_offset, table.sh_size / sizeof(symbol))) {
    if ((each.st_info & 0xF) != STT_FUNC || each.st_shndx == SHN_UNDEF) continue;
    if (offset < each.st_value || offset - each.st_value >= each.st_size || each.st_name >= text.size()) continue;
    const char* const name = text.data() + each.st_name;
    return {name, ::strnlen(name, text.size() - each.st_name)};
  }
  return {};
}

// The full table first, which a stripped file lacks; then what the loader uses.
void find_symbol(const char* path, code_place& place) noexcept {
  const mapped_file file(path);
  const auto head = file.at<ElfW(Ehdr)>(0, 1);
  if (head.empty() || std::memcmp(head[0].e_ident, ELFMAG, SELFMAG) != 0) return;
  const auto sections = file.at<section>(head[0].e_shoff, head[0].e_shnum);
  for (const auto kind : {SHT_SYMTAB, SHT_DYNSYM}) {
    for (const section& each : sections) {
      if (each.sh_type != static_cast<ElfW(Word)>(kind) || each.sh_link >= sections.size()) continue;
      copy_text(place.symbol, name_in(file, each, sections[each.sh_link], place.offset));
      if (place.symbol[0] != '\0') return;
    }
  }
}

// The module's name in the loader's list is empty for the program itself.
std::string_view path_of(const ::link_map& module) noexcept {
  return module.l_name != nullptr && module.l_name[0] != '\0' ? module.l_name : "/proc/self/exe";
}

module_place place_of(const void* address) noexcept {
  module_place place;
#if defined(DLFO_STRUCT_HAS_EH_DBASE)
  ::dl_find_object found{};
  if (::_dl_find_object(const_cast<void*>(address), &found) != 0) return place;
  copy_text(place.path, path_of(*found.dlfo_link_map));
  place.base = found.dlfo_link_map->l_addr;
  place.begin = reinterpret_cast<std::uintptr_t>(found.dlfo_map_start);
  place.end = reinterpret_cast<std::uintptr_t>(found.dlfo_map_end);
#else
  ::Dl_info found{};
  ::link_map* module = nullptr;
  if (::dladdr1(address, &found, reinterpret_cast<void**>(&module), RTLD_DL_LINKMAP) == 0 || module == nullptr) return place;
  copy_text(place.path, path_of(*module));
  place.base = module->l_addr;
  place.begin = reinterpret_cast<std::uintptr_t>(address);  // its extent is not told: so far that this address lies in it
  place.end = place.begin + 1;
#endif
  return place;
}

// What a person knows the program by.
template <std::size_t Size>
void name_program(char (&path)[Size]) noexcept {
  if (std::string_view(path) != "/proc/self/exe") return;
  char told[Size];
  const ssize_t length = ::readlink("/proc/self/exe", told, sizeof told);
  if (length > 0) copy_text(path, {told, static_cast<std::size_t>(length)});
}

}  // namespace

code_place find_code(const void* address) noexcept {
  code_place place;
  const module_place module = place_of(address);
  if (module.begin == module.end) return place;
  copy_text(place.module, module.path);
  place.offset = reinterpret_cast<std::uintptr_t>(address) - module.base;
  find_symbol(place.module, place);
  name_program(place.module);
  return place;
}

module_place find_module(const void* address) noexcept {
  module_place found = place_of(address);
  name_program(found.path);
  return found;
}

std::string symbol_in(const char* path, std::uintptr_t offset) {
  code_place place;
  place.offset = offset;
  find_symbol(path, place);
  return place.symbol;
}

std::string demangled(const char* symbol) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(symbol, nullptr, nullptr, &status), &std::free);
  return name != nullptr ? name.get() : symbol;
}

std::string function_at(const void* address) {
  const code_place place = find_code(address);
  if (place.symbol[0] != '\0') return demangled(place.symbol);
  if (place.module[0] == '\0') return "?";
  const std::string_view path = place.module;
  char offset[24];
  std::snprintf(offset, sizeof offset, "+0x%zx", static_cast<std::size_t>(place.offset));
  return std::string(path.substr(path.rfind('/') + 1)) + offset;
}

}  // namespace mote::detail
