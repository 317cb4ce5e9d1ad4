// mote-dump: reads a dump that a program has written, and prints it for a person.
#include "command_line.hpp"
#include "runtime/observe/text.hpp"
#include "runtime/os/symbols.hpp"
#include "tools/mote_dump/dump_file.hpp"

#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <unordered_map>

namespace mote::dump_tool {

namespace {

using detail::module_record;
using detail::process_record;

/// What to show.
struct wishes {
  std::string file;
  std::string pid, state, name, function;
  bool brief = false, no_schedulers = false, raw = false;
};

/// Names addresses by the files that were mapped there; they must be the same as then.
detail::frame_namer namer(const std::vector<module_record>& modules) {
  return [&modules, known = std::make_shared<std::unordered_map<std::uint64_t, std::string>>()](std::uint64_t address) {
    std::string& name = (*known)[address];
    if (!name.empty()) return name;
    char text[32];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(address));
    name = text;
    for (const module_record& one : modules) {
      if (address < one.begin || address >= one.end) continue;
      const std::string path(one.path.view());
      const std::string symbol = detail::symbol_in(path.c_str(), address - one.base);
      std::snprintf(text, sizeof text, "+0x%llx", static_cast<unsigned long long>(address - one.base));
      name = symbol.empty() ? path + text : detail::demangled(symbol.c_str());
    }
    return name;
  };
}

bool wanted(const wishes& given, const process_record& one, const std::string& text) {
  if (!given.pid.empty() && to_string(one.id) != given.pid && to_string(one.id) != "<" + given.pid + ">") return false;
  if (!given.state.empty() && to_string(one.state) != given.state) return false;
  const std::string names = std::string(one.name.view()) + " " + std::string(one.label.view());
  if (!given.name.empty() && names.find(given.name) == names.npos) return false;
  return given.function.empty() || text.find(given.function) != text.npos;
}

std::size_t print(const wishes& given, const dumped_runtime& one) {
  std::cout << detail::as_text(one.whole);
  if (!given.no_schedulers) {
    for (const auto& each : one.schedulers) std::cout << detail::as_text(each);
  }
  std::cout << detail::supervision_tree(one.processes);
  detail::frame_namer name_of = namer(one.modules);
  const std::vector<module_record> none;
  if (given.raw) name_of = namer(none);
  std::size_t shown = 0;
  for (process_record each : one.processes) {
    if (given.brief) each.frames = 0;
    const std::string text = detail::as_text(each, name_of);
    if (!wanted(given, each, text)) continue;
    std::cout << text;
    ++shown;
  }
  std::cout << shown << " of " << one.processes.size() << " processes\n";
  return shown;
}

int read(const wishes& given) {
  std::ifstream file(given.file);
  if (!file && given.file != "-") throw std::runtime_error("cannot be opened");
  std::size_t shown = 0;
  for (const dumped_runtime& one : read_dump(given.file == "-" ? std::cin : file)) shown += print(given, one);
  return shown != 0 ? 0 : 1;
}

}  // namespace

}  // namespace mote::dump_tool

int main(int count, char** arguments) {
  command_line line("Prints a dump that a program made with mote has written: mote::dump(mote::dump_format::json), or MOTE_CRASH_DUMP.");
  mote::dump_tool::wishes given;
  line.add("file", given.file, "the dump; - for standard input").required();
  line.add("--pid", given.pid, "only this process");
  line.add("--state", given.state, "only processes that are ready, running, waiting or exiting");
  line.add("--name", given.name, "only processes whose name or label holds this text");
  line.add("--function", given.function, "only processes of which something shown holds this text, as a call on the stack");
  line.add_flag("--brief", given.brief, "without the calls on the stacks");
  line.add_flag("--no-schedulers", given.no_schedulers, "without schedulers and their events");
  line.add_flag("--raw", given.raw, "addresses as they are");
  if (const auto code = line.parse(count, arguments)) return *code;
  try {
    return mote::dump_tool::read(given);
  } catch (const std::exception& wrong) {
    std::cerr << "mote-dump: " << given.file << ": " << wrong.what() << "\n";
    return 2;
  }
}
