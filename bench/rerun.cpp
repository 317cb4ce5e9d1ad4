#include "bench/rerun.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <system_error>

extern char** environ;

namespace bench {

namespace {

void require(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

// Starts this program with its standard output in the pipe.
pid_t start(const std::vector<std::string>& arguments, const std::array<int, 2>& pipe) {
  std::string self = "/proc/self/exe";
  std::vector<char*> argv{self.data()};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);

  posix_spawn_file_actions_t files;
  require(posix_spawn_file_actions_init(&files), "posix_spawn_file_actions_init");
  posix_spawn_file_actions_adddup2(&files, pipe[1], STDOUT_FILENO);
  posix_spawn_file_actions_addclose(&files, pipe[0]);
  posix_spawn_file_actions_addclose(&files, pipe[1]);
  pid_t child = 0;
  const int error = posix_spawn(&child, self.c_str(), &files, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  require(error, "posix_spawn /proc/self/exe");
  return child;
}

void read_lines(int descriptor, const std::function<void(std::string_view)>& on_line) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(fdopen(descriptor, "r"), &std::fclose);
  require(file == nullptr ? errno : 0, "fdopen");
  std::string line;
  for (int c = std::getc(file.get()); c != EOF; c = std::getc(file.get())) {
    if (c != '\n') {
      line.push_back(static_cast<char>(c));
      continue;
    }
    on_line(line);
    line.clear();
  }
  if (!line.empty()) on_line(line);
}

}  // namespace

int rerun(const std::vector<std::string>& arguments, const std::function<void(std::string_view)>& on_line) {
  std::array<int, 2> pipe{};
  require(::pipe(pipe.data()) != 0 ? errno : 0, "pipe");
  const pid_t child = start(arguments, pipe);
  close(pipe[1]);
  read_lines(pipe[0], on_line);
  int status = 0;
  require(waitpid(child, &status, 0) != child ? errno : 0, "waitpid");
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace bench
