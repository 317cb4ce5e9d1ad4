// Counts the words in the text files under some paths. A word is a run of ASCII letters, lower-cased; every other byte,
// those of non-ASCII letters included, stands between words. The counts, most frequent first, equal those of this pipeline,
// run over the same files (here FILES) with LC_ALL=C:
//
//   sed -s '$a\' FILES | tr -cs 'A-Za-z' '\n' | tr 'A-Z' 'a-z' | sed '/^$/d' | sort | uniq -c | sort -k1,1nr -k2
//
// The processes: a walker finds the files, a few at a time, when asked. One reader a file counts its words, divides them by
// their hash, and hands each part to the merger that has these words; it has ended only when they have been merged, so
// that the number of readers bounds the memory. Main asks, starts readers, hears how each ended, and says what was skipped:
// a file that cannot be read or is not UTF-8 ends its reader, and nothing else.
//
// Exit code: 0 all counted, 1 failed, 2 wrong usage, 3 counted, but something was skipped.
#include "command_line.hpp"
#include "directory_walk.hpp"
#include "words.hpp"

#include <mote/mote.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <iostream>
#include <limits>
#include <memory>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

using namespace std::chrono_literals;

namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr int exit_failed = 1, exit_usage = 2, exit_skipped = 3;

// ---- messages

struct entry {
  std::string word;
  std::uint64_t times;
};
struct counts {
  std::vector<entry> words;
};
struct merged {};
struct ranking_of {
  std::size_t most;
};
struct want {
  std::size_t files;
};
struct have_read {
  std::size_t bytes;
};
struct tick {};

/// Why a reader gave its file up; travels in its exit reason.
struct refusal {
  int error;
};

// ---- readers: one a file

struct descriptor {
  int number;
  explicit descriptor(int opened) noexcept : number(opened) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
};

[[noreturn]] void give_up(int error, const std::string& why) { mote::exit(mote::reason::with(refusal{error}, why)); }
[[noreturn]] void give_up(int error) { give_up(error, std::generic_category().message(error)); }

// O_NONBLOCK, so that a pipe nobody writes to cannot hold the scheduler; for a regular file it changes nothing.
word_map count_words(const std::string& path, mote::pid boss) {
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  struct stat about {};
  if (file.number < 0 || ::fstat(file.number, &about) != 0) give_up(errno);
  if (!S_ISREG(about.st_mode)) give_up(EINVAL, "Not a regular file");
  const auto chunk = std::make_unique<char[]>(chunk_bytes);
  word_counter counter;
  for (;;) {
    const ssize_t got = ::read(file.number, chunk.get(), chunk_bytes);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) give_up(errno);
    if (got == 0) break;
    const auto bytes = static_cast<std::size_t>(got);
    if (!counter.feed({chunk.get(), bytes})) give_up(EILSEQ, "Not UTF-8");
    mote::send(boss, have_read{bytes});
    mote::yield();  // a long file lets others run, and can be ended here
  }
  if (!counter.finish()) give_up(EILSEQ, "Not UTF-8");
  return counter.take();
}

void reader(const std::string& path, mote::pid boss, const std::vector<mote::pid>& mergers) {
  word_map words = count_words(path, boss);
  std::vector<counts> parts(mergers.size());
  while (!words.empty()) {
    auto node = words.extract(words.begin());
    parts[word_hash{}(node.key()) % parts.size()].words.push_back({std::move(node.key()), node.mapped()});
  }
  std::vector<mote::ref> requests;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].words.empty()) requests.push_back(mote::request(mergers[i], std::move(parts[i])));
  }
  for (const mote::ref request : requests) mote::receive_reply<merged>(request);
}

// ---- mergers: each has its share of the words

bool ranks_before(const entry& a, const entry& b) { return a.times != b.times ? a.times > b.times : a.word < b.word; }

counts most_frequent(std::vector<entry> words, std::size_t most) {
  const auto end = words.begin() + static_cast<std::ptrdiff_t>(std::min(most, words.size()));
  if (end == words.end()) {
    std::sort(words.begin(), end, ranks_before);
  } else {
    std::partial_sort(words.begin(), end, words.end(), ranks_before);
  }
  words.erase(end, words.end());
  return {std::move(words)};
}

void merger() {
  word_map total;
  for (;;) {
    mote::receive(
        [&](mote::reply_to from, counts part) {
          for (entry& one : part.words) total.try_emplace(std::move(one.word), 0).first->second += one.times;
          mote::reply(from, merged{});
        },
        [&](mote::reply_to from, ranking_of asked) {
          std::vector<entry> words;
          words.reserve(total.size());
          for (const auto& [word, times] : total) words.push_back({word, times});
          mote::reply(from, most_frequent(std::move(words), asked.most));
        });
  }
}

// ---- the walker: finds files when asked for some

void walker(mote::pid boss, std::vector<std::string> roots) {
  directory_walk walk(std::move(roots));
  for (;;) mote::receive([&](want asked) { mote::send(boss, walk.next(asked.files)); });
}

// ---- main's process

struct settings {
  std::vector<std::string> paths;
  std::size_t most = 20;
  std::size_t at_once = 64;
  bool all = false, progress = false, quiet = false;
  mote::options runtime;

  settings() { runtime.report_handoff = false; }  // a file that is slow to come is no news here
};

// Control characters in a file's name must not reach the terminal.
std::string printable(std::string_view name) {
  std::string text;
  for (const char c : name) text.push_back(static_cast<unsigned char>(c) < ' ' || c == 127 ? '?' : c);
  return text;
}

class word_count {
 public:
  explicit word_count(const settings& given) : settings_(given), limit_(given.at_once) {}

  counts run() {
    walker_ = mote::spawn_link(walker, mote::self(), settings_.paths);
    for (unsigned i = 0; i < 2 * mote::scheduler_count(); ++i) mergers_.push_back(mote::spawn_link(merger));
    if (settings_.progress) mote::send(mote::self(), tick{});
    while (!walked_ || !waiting_.empty() || !readers_.empty()) {
      start_readers();
      ask_walker();
      wait_for_news();
    }
    if (settings_.progress) show_progress("\n");
    return ranking();
  }
  std::size_t skipped() const noexcept { return skipped_; }

 private:
  struct job {
    std::string path;
    bool alone;  // no other reader beside it
  };

  void start_readers() {
    for (; readers_.size() < limit_ && !waiting_.empty(); waiting_.pop_front()) {
      const mote::ref monitor = mote::spawn_monitor(reader, waiting_.front(), mote::self(), mergers_).monitor;
      readers_.emplace(monitor, job{std::move(waiting_.front()), limit_ == 1});
    }
  }

  void ask_walker() {
    if (walked_ || asked_ || waiting_.size() >= settings_.at_once) return;
    mote::send(walker_, want{settings_.at_once});
    asked_ = true;
  }

  void wait_for_news() {
    mote::receive([&](const mote::down& news) { reader_ended(news); }, [&](have_read part) { bytes_ += part.bytes; },
                  [&](found batch) {
                    asked_ = false;
                    walked_ = batch.all;
                    for (const skipped_path& one : batch.skipped) skip(one.path, one.why);
                    for (std::string& path : batch.files) waiting_.push_back(std::move(path));
                  },
                  [&](tick) {
                    show_progress("");
                    mote::send_after(progress_interval(), mote::self(), tick{});
                  });
  }

  void reader_ended(const mote::down& news) {
    auto node = readers_.extract(news.monitor);
    job& ended = node.mapped();
    const auto* why = news.why.value<refusal>();
    if (news.why.is_orderly()) {
      ++counted_;
    } else if (why != nullptr && out_of_descriptors(why->error) && !ended.alone) {
      limit_ = std::max<std::size_t>(1, limit_ - 1);
      if (!told_of_descriptors_) say("out of descriptors: fewer files at once from now on");
      told_of_descriptors_ = true;
      waiting_.push_back(std::move(ended.path));
    } else {
      skip(ended.path, why != nullptr ? std::string(news.why.text()) : to_string(news.why));
    }
  }

  // Each merger has other words, so the most frequent of all are among the most frequent of each.
  counts ranking() {
    const std::size_t most = settings_.all ? std::numeric_limits<std::size_t>::max() : settings_.most;
    std::vector<mote::ref> requests;
    for (const mote::pid one : mergers_) requests.push_back(mote::request(one, ranking_of{most}));
    std::vector<entry> words;
    for (const mote::ref request : requests) {
      for (entry& one : mote::receive_reply<counts>(request).words) words.push_back(std::move(one));
    }
    return most_frequent(std::move(words), most);
  }

  void skip(const std::string& path, const std::string& why) {
    ++skipped_;
    if (!settings_.quiet) say(printable(path) + ": " + why + "; skipped");
  }
  void say(const std::string& text) const {
    std::fprintf(stderr, "%sword_count: %s\n", on_terminal_ && settings_.progress ? "\r\033[K" : "", text.c_str());
  }

  // A terminal's line is written over and over; a file gets a line now and then.
  std::chrono::milliseconds progress_interval() const { return on_terminal_ ? 100ms : 1000ms; }
  void show_progress(const char* end) const {
    std::fprintf(stderr, "%s%zu files, %.1f MB read, %zu being read, %zu skipped%s", on_terminal_ ? "\r\033[K" : "",
                 counted_, static_cast<double>(bytes_) / 1e6, readers_.size(), skipped_, on_terminal_ ? end : "\n");
    std::fflush(stderr);
  }

  const settings& settings_;
  const bool on_terminal_ = ::isatty(STDERR_FILENO) == 1;
  mote::pid walker_;
  std::vector<mote::pid> mergers_;
  std::deque<std::string> waiting_;
  std::unordered_map<mote::ref, job> readers_;
  std::size_t limit_, counted_ = 0, skipped_ = 0;
  std::uint64_t bytes_ = 0;
  bool asked_ = false, walked_ = false, told_of_descriptors_ = false;
};

// ---- the program

void add_options(command_line& line, settings& given, std::string& list) {
  line.add("paths", given.paths, "Files, and directories to search for files");
  line.add("--list-from", list, "A file with one more path a line; - is standard input");
  line.add("--top", given.most, "How many words to print");
  line.add_flag("--all", given.all, "Print all words");
  line.add("--at-once", given.at_once, "Files read at one time").between(1, 1 << 20);
  line.add_schedulers(given.runtime.schedulers);
  line.add_flag("--progress", given.progress, "Show progress even where standard error is no terminal");
  line.add_flag("--quiet", given.quiet, "Do not name each path that is skipped");
}

bool read_list(const std::string& name, std::vector<std::string>& paths) {
  std::ifstream file;
  if (name != "-") file.open(name);
  std::istream& lines = name == "-" ? std::cin : file;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty()) paths.push_back(line);
  }
  return lines.eof() && !lines.bad();
}

bool print(const counts& ranked) {
  for (const auto& [word, times] : ranked.words) {
    std::printf("%7llu %s\n", static_cast<unsigned long long>(times), word.c_str());
  }
  return std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
}

int count_and_print(const settings& given) {
  counts result;
  std::size_t skipped = 0;
  const int failed = mote::run(
      [&] {
        word_count job(given);
        result = job.run();
        skipped = job.skipped();
      },
      given.runtime);
  if (failed != 0) return exit_failed;
  if (!print(result)) {
    std::perror("word_count: standard output");
    return exit_failed;
  }
  if (skipped == 0) return 0;
  std::fprintf(stderr, "word_count: %zu skipped\n", skipped);
  return exit_skipped;
}

}  // namespace

int main(int argc, char** argv) {
  command_line line("Counts the words in text files: runs of ASCII letters, lower-cased.");
  settings given;
  std::string list;
  add_options(line, given, list);
  if (const auto code = line.parse(argc, argv)) return *code;
  if (!list.empty() && !read_list(list, given.paths)) {
    std::fprintf(stderr, "word_count: %s: cannot be read\n", list.c_str());
    return exit_failed;
  }
  if (given.paths.empty()) {
    std::fprintf(stderr, "word_count: no paths given (--help tells more)\n");
    return exit_usage;
  }
  given.progress = given.progress || (::isatty(STDERR_FILENO) == 1 && !given.quiet);
  try {
    return count_and_print(given);
  } catch (const std::exception& refused) {
    std::fprintf(stderr, "word_count: %s\n", refused.what());
    return exit_failed;
  }
}
