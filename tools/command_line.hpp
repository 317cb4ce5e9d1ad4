// A program's options and arguments, with --help. CLI11 does the work, out of sight: a compiler takes it fifteen seconds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

class command_line {
 public:
  class option {
   public:
    explicit option(CLI::Option& what) noexcept : what_(what) {}
    const option& between(std::int64_t least, std::int64_t most) const;
    const option& existing_directory() const;
    const option& one_of(const std::vector<std::string>& values) const;
    const option& required() const;

   private:
    CLI::Option& what_;
  };

  explicit command_line(const std::string& about);
  command_line(const command_line&) = delete;
  command_line& operator=(const command_line&) = delete;
  ~command_line();

  /// "--name": an option with a value; "name": arguments in their order. The value is its default until parse. T is an unsigned
  /// number, an int, a std::string, or a vector of one of the last two.
  template <class T>
  option add(const std::string& name, T& value, const std::string& about);
  /// --schedulers, as all our programs have it.
  void add_schedulers(unsigned& value);
  /// "--name", without a value.
  void add_flag(const std::string& name, bool& value, const std::string& about);

  /// Returns the program's exit code, if that is all: 0 after --help, 2 after telling on stderr what is wrong.
  std::optional<int> parse(int argc, char** argv);

 private:
  const std::unique_ptr<CLI::App> app_;
};
