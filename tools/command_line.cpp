#include "command_line.hpp"

#include <CLI/CLI.hpp>

namespace {

constexpr int wrong_usage = 2;

}  // namespace

const command_line::option& command_line::option::between(std::int64_t least, std::int64_t most) const {
  what_.check(CLI::Range(least, most));
  return *this;
}

const command_line::option& command_line::option::existing_directory() const {
  what_.check(CLI::ExistingDirectory);
  return *this;
}

const command_line::option& command_line::option::one_of(const std::vector<std::string>& values) const {
  what_.check(CLI::IsMember(values));
  return *this;
}

const command_line::option& command_line::option::required() const {
  what_.required();
  return *this;
}

command_line::command_line(const std::string& about) : app_(std::make_unique<CLI::App>(about)) {
  app_->option_defaults()->always_capture_default();
}

command_line::~command_line() = default;

template <class T>
command_line::option command_line::add(const std::string& name, T& value, const std::string& about) {
  return option(*app_->add_option(name, value, about));
}
template command_line::option command_line::add(const std::string&, int&, const std::string&);
template command_line::option command_line::add(const std::string&, std::uint16_t&, const std::string&);
template command_line::option command_line::add(const std::string&, std::uint32_t&, const std::string&);
template command_line::option command_line::add(const std::string&, std::uint64_t&, const std::string&);
template command_line::option command_line::add(const std::string&, std::string&, const std::string&);
template command_line::option command_line::add(const std::string&, std::vector<int>&, const std::string&);
template command_line::option command_line::add(const std::string&, std::vector<std::string>&, const std::string&);

void command_line::add_schedulers(unsigned& value) { add("--schedulers", value, "Scheduler threads; 0: one a core").between(0, 1024); }

void command_line::add_flag(const std::string& name, bool& value, const std::string& about) { app_->add_flag(name, value, about); }

std::optional<int> command_line::parse(int argc, char** argv) {
  try {
    app_->parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& wrong) {
    return app_->exit(wrong) == 0 ? 0 : wrong_usage;
  }
}
