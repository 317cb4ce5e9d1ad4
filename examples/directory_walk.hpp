// The files under some paths, a few at a time. Like find, it follows symbolic links among the paths given only, and takes
// regular files only; a path given that is no directory is passed on as it is, for its reader to judge.
#pragma once

#include <mote/mote.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <deque>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

struct skipped_path {
  std::string path, why;
};
/// What a step of the walk brought.
struct found {
  std::vector<std::string> files;
  std::vector<skipped_path> skipped;
  bool all;  ///< there is no more
};

inline bool out_of_descriptors(int error) { return error == EMFILE || error == ENFILE; }

/// Belongs to one process, which it lets wait when descriptors run out.
class directory_walk {
 public:
  explicit directory_walk(std::vector<std::string> roots) : roots_(roots.begin(), roots.end()) {}

  /// At most this many files more, with what could not be looked into on the way.
  found next(std::size_t files) {
    found batch{{}, {}, false};
    while (batch.files.size() < files && !batch.all) step(batch);
    return batch;
  }

 private:
  // One entry of the open directory, or the next directory, or the next path given.
  void step(found& batch) {
    if (entry_ != std::filesystem::directory_iterator()) {
      take_entry(batch);
    } else if (!directories_.empty()) {
      directory_ = std::move(directories_.back());
      directories_.pop_back();
      open_directory(batch);
    } else if (!roots_.empty()) {
      std::error_code ignored;
      const bool is_directory = std::filesystem::is_directory(roots_.front(), ignored);
      (is_directory ? directories_ : batch.files).push_back(std::move(roots_.front()));
      roots_.pop_front();
    } else {
      batch.all = true;
    }
  }

  void open_directory(found& batch) {
    std::error_code error;
    for (int attempts = 0; attempts < 500; ++attempts) {
      entry_ = std::filesystem::directory_iterator(directory_, error);
      if (!out_of_descriptors(error.value())) break;
      mote::sleep_for(std::chrono::milliseconds(10));  // readers end and give descriptors back
    }
    if (error) batch.skipped.push_back({directory_, error.message()});
  }

  void take_entry(found& batch) {
    std::error_code error;
    const std::filesystem::file_type type = entry_->symlink_status(error).type();
    if (type == std::filesystem::file_type::directory) directories_.push_back(entry_->path().string());
    if (type == std::filesystem::file_type::regular) batch.files.push_back(entry_->path().string());
    if (type == std::filesystem::file_type::none) batch.skipped.push_back({entry_->path().string(), error.message()});
    entry_.increment(error);
    if (error) batch.skipped.push_back({directory_, error.message()});
  }

  std::deque<std::string> roots_;
  std::vector<std::string> directories_;
  std::string directory_;
  std::filesystem::directory_iterator entry_;
};
