#include "bench/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

extern char** environ;

namespace bench {

namespace {

void require(int error, const char* what) {
  if (error != 0) throw std::system_error(error, std::generic_category(), what);
}

struct two_ends {
  int from = -1, into = -1;
};
two_ends make_pipe() {
  std::array<int, 2> ends{};
  require(pipe2(ends.data(), O_CLOEXEC) != 0 ? errno : 0, "pipe");
  return {ends[0], ends[1]};
}

}  // namespace

child::child(const std::vector<std::string>& argv, bool fed) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const two_ends output = make_pipe();
  two_ends input;
  if (fed) input = make_pipe();

  posix_spawn_file_actions_t files;
  require(posix_spawn_file_actions_init(&files), "posix_spawn_file_actions_init");
  posix_spawn_file_actions_adddup2(&files, output.into, STDOUT_FILENO);
  if (fed) posix_spawn_file_actions_adddup2(&files, input.from, STDIN_FILENO);
  const int error = posix_spawnp(&process_, words.front(), &files, nullptr, words.data(), environ);
  posix_spawn_file_actions_destroy(&files);
  close(output.into);
  if (fed) close(input.from);
  in_ = input.into;
  out_ = output.from;
  if (error != 0) process_ = -1;
  require(error, words.front());
}

child::~child() {
  end_feed();
  if (out_ >= 0) close(out_);
  if (process_ > 0) {
    kill();
    waitpid(process_, nullptr, 0);
  }
}

bool child::feed(const void* from, std::size_t size) noexcept {
  const char* at = static_cast<const char*>(from);
  while (size != 0) {
    const ssize_t written = write(in_, at, size);
    if (written < 0) return false;
    at += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

void child::end_feed() noexcept {
  if (in_ >= 0) close(in_);
  in_ = -1;
}

bool child::read_line(std::string& into) {
  for (;;) {
    const std::size_t end = unread_.find('\n');
    if (end != std::string::npos) {
      into = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return true;
    }
    std::array<char, 4096> part;
    const ssize_t got = read(out_, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      into = std::move(unread_);
      unread_.clear();
      return !into.empty();
    }
    unread_.append(part.data(), static_cast<std::size_t>(got));
  }
}

int child::wait() {
  int status = 0;
  require(waitpid(process_, &status, 0) != process_ ? errno : 0, "waitpid");
  process_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void child::kill() noexcept { ::kill(process_, SIGKILL); }

}  // namespace bench
