// The folders include one another one way only: reads the #include lines of the whole tree and holds them against the
// layers below. A folder sees include/mote, itself and smaller numbers; never a neighbour of its own number.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct layer {
  std::string_view folder;
  int number;
};

// The longest folder that begins a path is its own. runtime/ itself holds what starts and stops it all.
constexpr layer layers[] = {
    {"include/mote", 0},   {"runtime/base", 1}, {"runtime/os", 2},      {"runtime/memory", 2},  {"runtime/stack", 3},
    {"runtime/time", 3},   {"mailbox", 3},      {"scheduler", 4},       {"runtime/process", 5}, {"runtime/io", 6},
    {"runtime/worker", 7}, {"runtime/otp", 7},  {"runtime/observe", 7}, {"runtime", 8},         {"runtime/sim", 9},
};

struct include {
  std::string name;
  bool quoted;
};

bool lies_in(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

std::optional<layer> layer_of(std::string_view path) {
  std::optional<layer> found;
  for (const layer& candidate : layers)
    if (lies_in(path, candidate.folder) && (!found || candidate.folder.size() > found->folder.size()))
      found = candidate;
  // A file in an unknown folder of runtime/ is not one of runtime/'s own.
  if (found && found->folder == "runtime" && path.find('/', found->folder.size() + 1) != path.npos) return std::nullopt;
  return found;
}

std::vector<include> includes_of(std::istream& text) {
  std::vector<include> found;
  for (std::string line; std::getline(text, line);) {
    std::string_view rest = line;
    const auto skip = [&rest](std::string_view what) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t"), rest.size()));
      const bool there = rest.starts_with(what);
      if (there) rest.remove_prefix(what.size());
      return there;
    };
    if (!skip("#") || !skip("include")) continue;
    const bool quoted = skip("\"");
    if (!quoted && !skip("<")) continue;
    found.push_back({std::string(rest.substr(0, rest.find_first_of("\">"))), quoted});
  }
  return found;
}

/// Headers of the language: no folder, no ending.
bool is_std(const include& line) { return !line.quoted && line.name.find_first_of("./") == std::string::npos; }
bool is_public(const include& line) { return !line.quoted && line.name.starts_with("mote/"); }

/// What is wrong with one include of a file of the library; empty: nothing.
std::string wrong_in_library(std::string_view path, const include& line) {
  const std::optional<layer> own = layer_of(path);
  if (!own) return "the folder has no layer";
  if (is_std(line) || is_public(line)) return {};
  if (own->number == 0) return "a public header includes what is neither public nor std";
  if (!line.quoted) return {};  // a system's or a third party's header
  const std::optional<layer> other = layer_of(line.name);
  if (!other) return "is not written from the root of the tree";
  if (other->number == 0) return "a public header is included as <mote/...>";
  if (other->folder == own->folder || other->number < own->number) return {};
  return other->number == own->number ? "is a neighbour" : "is of a higher layer";
}

/// The same for a program outside of the library, which is a user like any other.
std::string wrong_in_program(std::string_view path, const include& line) {
  if (!line.quoted || line.name == "command_line.hpp") return {};  // of tools/: how all programs read their options
  const std::string_view folder = path.substr(0, path.find('/'));
  if (folder == "bench" && lies_in(line.name, folder) && !lies_in(path, "bench/as_user")) return {};
  if (folder == "examples" && line.name.find('/') == std::string::npos) return {};  // beside it
  return "is not for programs, which see <mote/...> only";
}

bool sees_internals(std::string_view path) { return lies_in(path, "tests") || lies_in(path, "bench/micro") || lies_in(path, "tools"); }

/// All violations in one file, each as "path includes name: why".
std::vector<std::string> violations(std::string_view path, std::istream& text) {
  std::vector<std::string> found;
  if (sees_internals(path)) return found;
  const bool program = lies_in(path, "examples") || lies_in(path, "bench");
  for (const include& line : includes_of(text)) {
    const std::string why = program ? wrong_in_program(path, line) : wrong_in_library(path, line);
    if (!why.empty()) found.push_back(std::string(path) + " includes " + line.name + ": " + why);
  }
  return found;
}

bool is_source(const fs::path& file) { return file.extension() == ".hpp" || file.extension() == ".cpp"; }

/// Our sources, as paths from the root.
std::vector<std::string> tree() {
  const fs::path root = MOTE_SOURCE_DIR;
  std::vector<std::string> found;
  for (const char* top : {"include", "runtime", "mailbox", "scheduler", "tools", "examples", "bench", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top))
      if (entry.is_regular_file() && is_source(entry.path())) found.push_back(entry.path().lexically_relative(root));
  return found;
}

std::vector<std::string> violations_of_text(std::string_view path, const std::string& text) {
  std::istringstream stream(text);
  return violations(path, stream);
}

TEST(layers, are_kept_by_every_file) {
  std::size_t files = 0;
  std::vector<std::string> found;
  for (const std::string& path : tree()) {
    std::ifstream text(fs::path(MOTE_SOURCE_DIR) / path);
    ASSERT_TRUE(text) << path;
    for (std::string& one : violations(path, text)) found.push_back(std::move(one));
    ++files;
  }
  std::string report;
  for (const std::string& one : found) report += one + '\n';
  EXPECT_TRUE(found.empty()) << report;
  EXPECT_GT(files, 20u) << "the tree was not read";
}

// A third party is behind a type of ours, so that it can be exchanged in one place.
TEST(layers, name_each_third_party_in_one_file) {
  std::map<std::string, std::set<std::string>> users;
  for (const std::string& path : tree()) {
    if (!layer_of(path)) continue;
    std::ifstream text(fs::path(MOTE_SOURCE_DIR) / path);
    for (const include& line : includes_of(text))
      for (const char* third_party : {"boost/", "concurrentqueue/", "valgrind/", "mimalloc", "sanitizer/"})
        if (line.name.starts_with(third_party)) users[third_party].insert(path);
  }
  for (const auto& [third_party, files] : users)
    EXPECT_EQ(files.size(), 1u) << third_party << " is also named in " << *files.rbegin();
}

TEST(layers, planted_mistakes_are_found) {
  const std::pair<const char*, const char*> mistakes[] = {
      {"runtime/base/check.hpp", "#include \"scheduler/idle.hpp\"\n"},                // a higher layer
      {"runtime/time/timer_wheel.cpp", "  #  include \"mailbox/inbox.hpp\" // x\n"},  // a neighbour
      {"scheduler/idle.hpp", "#include <atomic>\n#include \"runtime/runtime.hpp\"\n"},
      {"runtime/process/spawn.cpp", "#include \"runtime/sim/world.hpp\"\n"},
      {"runtime/process/spawn.cpp", "#include \"spawn.hpp\"\n"},  // not from the root
      {"runtime/process/spawn.cpp", "#include \"include/mote/pid.hpp\"\n"},
      {"runtime/new_folder/file.cpp", "#include <vector>\n"},  // no layer
      {"include/mote/pid.hpp", "#include \"runtime/base/check.hpp\"\n"},
      {"include/mote/pid.hpp", "#include <sys/mman.h>\n"},
      {"include/mote/pid.hpp", "#include <boost/pfr.hpp>\n"},
      {"examples/hello.cpp", "#include \"runtime/base/check.hpp\"\n"},
      {"bench/ring/mote.cpp", "#include \"scheduler/idle.hpp\"\n"},
      {"bench/as_user/main.cpp", "#include \"bench/report.hpp\"\n"},
  };
  for (const auto& [path, text] : mistakes)
    EXPECT_EQ(violations_of_text(path, text).size(), 1u) << path << ": " << text;
}

TEST(layers, what_is_allowed_is_not_reported) {
  const std::pair<const char*, const char*> allowed[] = {
      {"runtime/process/spawn.cpp", "#include \"runtime/process/spawn.hpp\"\n#include \"scheduler/idle.hpp\"\n"},
      {"runtime/runtime.cpp", "#include \"runtime/process/table.hpp\"\n#include \"runtime/runtime.hpp\"\n"},
      {"runtime/os/futex.cpp", "#include <linux/futex.h>\n#include <mote/error.hpp>\n"},
      {"include/mote/pid.hpp", "#include <mote/error.hpp>\n#include <compare>\n"},
      {"examples/hello.cpp", "#include <mote/mote.hpp>\n#include \"command_line.hpp\"\n#include \"words.hpp\"\n"},
      {"bench/ring/mote.cpp", "#include \"bench/report.hpp\"\n#include <mote/mote.hpp>\n"},
      {"bench/micro/switch_bench.cpp", "#include \"runtime/stack/context.hpp\"\n"},
      {"tests/mailbox/inbox_test.cpp", "#include \"mailbox/inbox.hpp\"\n"},
      {"runtime/base/check.hpp", "// #include \"scheduler/idle.hpp\"\n"},
  };
  for (const auto& [path, text] : allowed) EXPECT_TRUE(violations_of_text(path, text).empty()) << path << ": " << text;
}

}  // namespace
