// A host program with a poll() loop and threads of its own, and processes that work for it: each line of the input that holds a
// number goes to one of a few workers, which find its largest prime factor; a thread of the host's asks for the totals at the
// end. What the workers find comes back by an outside mailbox, whose descriptor the loop polls beside its input.
//
//   seq 999999999990 1000000000000 | embedded --workers 4
#include "command_line.hpp"

#include <mote/mote.hpp>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <poll.h>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

struct question {
  std::uint64_t number;
  mote::pid answer_to;
};
struct answer {
  std::uint64_t number, factor;
};

std::uint64_t largest_factor(std::uint64_t number) {
  std::uint64_t largest = 1;
  for (std::uint64_t each = 2; each * each <= number; ++each) {
    for (; number % each == 0; number /= each) largest = each;
    if (each % 4096 == 0) mote::checkpoint();  // so that a shutdown need not wait for it
  }
  return number > 1 ? number : largest;
}

void work() {
  for (std::uint64_t done = 0;;) {
    mote::receive(
        [&](question given) {
          mote::send(given.answer_to, answer{given.number, largest_factor(given.number)});
          ++done;
        },
        [&](mote::reply_to asker, std::string) { mote::reply(asker, done); });
  }
}

/// Gives out lines, as they come in pieces.
class input_lines {
 public:
  /// Calls each(line) for each whole line that has come. False: the input has ended.
  template <class Each>
  bool read(Each&& each) {
    std::array<char, 4096> piece;
    const ssize_t got = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (got < 0) return errno == EINTR || errno == EAGAIN;
    text_.append(piece.data(), static_cast<std::size_t>(got));
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = text_.find('\n', begin)) != std::string::npos; begin = end + 1) {
      each(std::string_view(text_).substr(begin, end - begin));
    }
    text_.erase(0, begin);
    return got != 0;
  }

 private:
  std::string text_;
};

/// The host: its loop, its thread, and the runtime in it.
class host {
 public:
  explicit host(unsigned workers) : results_(runtime_) {
    for (unsigned i = 0; i < workers; ++i) workers_.push_back(runtime_.spawn({.label = "worker"}, work));
  }

  void run() {
    std::array<pollfd, 2> both{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{results_.fd(), POLLIN, 0}};
    while (both[0].fd >= 0 || open_questions_ != 0) {
      if (::poll(both.data(), both.size(), -1) < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "poll");
      if (both[0].revents != 0 && !lines_.read([this](std::string_view line) { ask(line); })) both[0].fd = -1;
      if (both[1].revents != 0) print_answers();
    }
  }

  /// By a thread of its own: any may call.
  void print_total() {
    std::thread([this] {
      const auto total = runtime_.call([this] {
        std::uint64_t sum = 0;
        for (const mote::pid each : workers_) {
          sum += mote::receive_reply<std::uint64_t>(mote::request(each, "how many?"));
        }
        return sum;
      });
      std::printf("%llu numbers\n", static_cast<unsigned long long>(total));
    }).join();
  }

  /// False: somebody did not end.
  bool stop() {
    const auto left = runtime_.shutdown(std::chrono::seconds(1));
    for (const auto& one : left) std::fprintf(stderr, "%s did not end\n", one.label.c_str());
    return left.empty();
  }

 private:
  void ask(std::string_view line) {
    question next{0, results_.id()};
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), next.number);
    if (error != std::errc() || end != line.data() + line.size() || next.number == 0) {
      std::printf("not a number: %.*s\n", static_cast<int>(line.size()), line.data());
      return;
    }
    runtime_.send(workers_[next_worker_++ % workers_.size()], next);
    ++open_questions_;
  }
  void print_answers() {
    while (const auto found = results_.try_receive<answer>()) {
      std::printf("%llu: %llu\n", static_cast<unsigned long long>(found->number), static_cast<unsigned long long>(found->factor));
      --open_questions_;
    }
  }

  mote::runtime runtime_;
  mote::outside_mailbox results_;
  std::vector<mote::pid> workers_;
  input_lines lines_;
  std::size_t next_worker_ = 0;
  std::size_t open_questions_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  command_line line("Largest prime factors of the numbers on the input, by processes in a program with a poll() loop");
  unsigned workers = 4;
  line.add("--workers", workers, "processes that compute").between(1, 10'000);
  if (const auto code = line.parse(argc, argv)) return *code;
  host all(workers);
  all.run();
  all.print_total();
  return all.stop() ? 0 : 1;
}
