// Decodes pictures with a library that must not be trusted: a damaged file crashes it, or keeps it for ever. So it runs
// in isolated processes, the decoders, under a supervisor that starts each again when its OS process has ended. Main's
// process hands out the files, hears what became of each, and says it at the end.
//
//   decoder --make-samples pictures   then   decoder pictures/*
//
// Exit code: 0 all decoded, 1 failed, 2 wrong usage, 3 some were not decoded.
#include "command_line.hpp"
#include "run_length.hpp"

#include <mote/mote.hpp>

#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

constexpr int exit_failed = 1, exit_usage = 2, exit_some_not = 3;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string content{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) throw std::system_error(errno, std::generic_category(), path);
  return content;
}

void write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream file(path, std::ios::binary);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) throw std::system_error(errno, std::generic_category(), path.string());
}

// ---- messages

/// A decoder has begun, and has nothing to do.
struct ready {
  mote::pid decoder;
};
struct decode_file {
  std::string path;
};
struct decoded {
  mote::pid decoder;
  run_length::picture picture;
};
struct unreadable {
  mote::pid decoder;
  std::string why;
};
struct overdue {
  mote::pid decoder;
  std::size_t file;
};

// ---- a decoder: an OS process of its own

void decoder(mote::pid boss) {
  const rlimit no_core_files{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core_files);
  mote::send(boss, ready{mote::self()});
  for (;;) {
    const auto job = mote::receive<decode_file>();
    std::string content;
    try {
      content = read_file(job.path);
    } catch (const std::system_error& refused) {
      mote::send(boss, unreadable{mote::self(), refused.code().message()});
      continue;
    }
    mote::send(boss, decoded{mote::self(), run_length::decode(content)});
  }
}

// ---- main's process

struct settings {
  std::vector<std::string> paths;
  std::string write_to, samples;
  unsigned decoders = 2;
  unsigned patience_ms = 2000;
  mote::options runtime;
};

class decode_job {
 public:
  explicit decode_job(const settings& given) : settings_(given), what_(given.paths.size()) {}

  void run() {
    const mote::supervisor top = mote::start_supervisor(flags(), decoders());
    while (ended_ < what_.size()) {
      mote::receive([&](ready news) { begin(news.decoder); }, [&](const decoded& news) { keep(news); },
                    [&](const unreadable& news) { skip(news); }, [&](overdue late) { give_up(late); },
                    [&](const mote::down& news) { crashed(news); });
    }
    mote::stop(top);
  }

  bool complete() const noexcept { return ended_ == what_.size(); }
  std::size_t good() const noexcept { return good_; }
  void tell() const {
    for (std::size_t i = 0; i < what_.size(); ++i)
      std::printf("%s: %s\n", settings_.paths[i].c_str(), what_[i].c_str());
    std::printf("%zu decoded, %zu not; decoders crashed %zu times\n", good_, ended_ - good_, crashes_);
  }

 private:
  // Each file can crash a decoder once. More crashes than that are not the files' fault.
  mote::supervisor_flags flags() const {
    return {.intensity = static_cast<std::uint32_t>(what_.size()) + settings_.decoders,
            .period = std::chrono::hours(24)};
  }
  std::vector<mote::child_spec> decoders() const {
    std::vector<mote::child_spec> specs(settings_.decoders);
    for (unsigned i = 0; i < settings_.decoders; ++i) {
      specs[i].id = "decoder " + std::to_string(i);
      specs[i].start = mote::child_start([](mote::pid boss) { return mote::spawn_link(mote::isolated, decoder, boss); },
                                         mote::self());
      specs[i].shutdown = mote::brutal_kill;  // it keeps nothing
    }
    return specs;
  }

  void begin(mote::pid decoder) {
    mote::monitor(decoder);
    hand_out(decoder);
  }
  void hand_out(mote::pid decoder) {
    if (next_ == what_.size()) return;
    at_work_[decoder] = next_;
    mote::send(decoder, decode_file{settings_.paths[next_]});
    mote::send_after(std::chrono::milliseconds(settings_.patience_ms), mote::self(), overdue{decoder, next_});
    ++next_;
  }
  void end(mote::pid decoder, const std::string& what) {
    finish(decoder, what);
    hand_out(decoder);
  }
  void finish(mote::pid decoder, const std::string& what) {
    what_[at_work_.extract(decoder).mapped()] = what;
    ++ended_;
  }

  // What one that was given up said before it was killed comes too late.
  bool has_file(mote::pid decoder) const { return at_work_.contains(decoder); }

  void skip(const unreadable& news) {
    if (has_file(news.decoder)) end(news.decoder, "cannot be read: " + news.why);
  }
  void keep(const decoded& news) {
    if (!has_file(news.decoder)) return;
    const run_length::picture& made = news.picture;
    const std::string size = std::to_string(made.width) + " x " + std::to_string(made.height);
    if (!settings_.write_to.empty()) {
      const std::filesystem::path from = settings_.paths[at_work_.at(news.decoder)];
      write_file(settings_.write_to / from.filename().replace_extension(".pgm"), run_length::as_pgm(made));
    }
    ++good_;
    end(news.decoder, "decoded, " + size + " pixels");
  }

  void give_up(overdue late) {
    const auto found = at_work_.find(late.decoder);
    if (found == at_work_.end() || found->second != late.file) return;  // it was in time
    finish(late.decoder, "not done after " + std::to_string(settings_.patience_ms) + " ms, its decoder was killed");
    mote::kill(late.decoder);
  }
  // One that was killed for being late, or by somebody while it had no file, has none to answer for.
  void crashed(const mote::down& news) {
    if (!has_file(news.from)) return;
    ++crashes_;
    finish(news.from, "crashed its decoder: " + to_string(news.why));
  }

  const settings& settings_;
  std::vector<std::string> what_;  // became of each file
  std::unordered_map<mote::pid, std::size_t> at_work_;
  std::size_t next_ = 0, ended_ = 0, good_ = 0, crashes_ = 0;
};

// ---- the program

void make_samples(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const std::string good = run_length::encode(run_length::sample(64, 48, 8));
  const auto changed = [&](std::size_t at, char to) {
    std::string bad = good;
    bad[at] = to;
    return bad;
  };
  const auto last_run = good.size() - 2;
  write_file(folder / "good_small.run", good);
  write_file(folder / "good_wide.run", run_length::encode(run_length::sample(640, 30, 5)));
  write_file(folder / "good_large.run", run_length::encode(run_length::sample(1000, 700, 25)));
  write_file(folder / "bad_cut_short.run", good.substr(0, good.size() / 2));
  write_file(folder / "bad_endless.run", changed(last_run, 0).replace(last_run + 1, 1, 1, '\0'));
  write_file(folder / "bad_magic.run", changed(0, 'G'));
  write_file(folder / "bad_overrun.run", changed(last_run, '\xff'));
  write_file(folder / "bad_sum.run", changed(12, static_cast<char>(good[12] ^ 1)));
}

int decode_and_tell(const settings& given) {
  decode_job job(given);
  const int failed = mote::run([&] { job.run(); }, given.runtime);
  if (failed != 0) return exit_failed;
  if (!job.complete()) {
    std::fprintf(stderr, "decoder: decoders end without a file, too\n");
    return exit_failed;
  }
  job.tell();
  return job.good() == given.paths.size() ? 0 : exit_some_not;
}

void add_options(command_line& line, settings& given) {
  line.add("paths", given.paths, "Pictures to decode");
  line.add("--write", given.write_to, "A folder for the pictures that could be decoded, as PGM").existing_directory();
  line.add("--decoders", given.decoders, "Decoders at work at one time, each in an OS process of its own").between(1, 64);
  line.add("--patience", given.patience_ms, "Milliseconds that a decoder may take for a file").between(1, 3'600'000);
  line.add_schedulers(given.runtime.schedulers);
  line.add("--make-samples", given.samples, "Write sample pictures, good and damaged, into this folder, and end");
}

}  // namespace

int main(int argc, char** argv) {
  command_line line("Decodes pictures in OS processes of their own, which damaged files may crash.");
  settings given;
  add_options(line, given);
  if (const auto code = line.parse(argc, argv)) return *code;
  if (given.paths.empty() == given.samples.empty()) {
    std::fprintf(stderr, "decoder: give pictures, or --make-samples (--help tells more)\n");
    return exit_usage;
  }
  try {
    if (given.samples.empty()) return decode_and_tell(given);
    make_samples(given.samples);
    return 0;
  } catch (const std::exception& refused) {
    std::fprintf(stderr, "decoder: %s\n", refused.what());
    return exit_failed;
  }
}
