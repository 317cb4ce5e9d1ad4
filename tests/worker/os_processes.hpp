// What tests know of the OS processes behind isolated processes: their numbers, states, relatives and descriptors.
#pragma once

#include "tests/in_process.hpp"

#include <mote/isolated.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MOTE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MOTE_SANITIZED 1
#endif
#endif

namespace mote::test {

/// What /proc/PID/stat says behind the name; empty: there is no such OS process.
inline std::string facts_of(int number) {
  std::ifstream file("/proc/" + std::to_string(number) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto at = text.rfind(") ");
  return at == std::string::npos ? std::string() : text.substr(at + 2);
}
/// A state as there; 0: there is no such OS process.
inline char state_of(int number) {
  const std::string facts = facts_of(number);
  return facts.empty() ? '\0' : facts[0];
}
inline void until_gone(int number) {
  until([&] { return state_of(number) == '\0'; });
}
/// The same of one that the starter is not there to reap: whoever inherits it may take its time.
inline bool is_dead(int number) { return state_of(number) == '\0' || state_of(number) == 'Z'; }

/// The OS process that has started this one.
inline int parent_of(int number) {
  std::istringstream facts(facts_of(number));
  char state = 0;
  int parent = 0;
  facts >> state >> parent;
  return parent;
}
inline std::vector<int> children_of(int number) {
  std::ifstream list("/proc/" + std::to_string(number) + "/task/" + std::to_string(number) + "/children");
  std::vector<int> all;
  for (int each = 0; list >> each;) all.push_back(each);
  return all;
}
/// The name that ps shows.
inline std::string command_of(int number) {
  std::ifstream file("/proc/" + std::to_string(number) + "/comm");
  std::string name;
  std::getline(file, name);
  return name;
}

/// Starts one that tells the number of its OS process and then does `what`.
struct started {
  mote::pid process;
  mote::ref monitor;
  int number;
};
template <class Function>
started start(Function what, const mote::isolation& how = mote::isolated) {
  const mote::monitored made = mote::spawn_monitor(
      how,
      [](mote::pid to, Function then) {
        mote::send(to, static_cast<int>(::getpid()));
        then();
      },
      mote::self(), what);
  return {made.process, made.monitor, mote::receive<int>()};
}

inline std::vector<std::string> open_descriptors() {
  std::vector<std::string> all;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(each.path(), gone).string();
    if (!gone && target.find("/proc/") == std::string::npos) all.push_back(each.path().filename().string() + " " + target);
  }
  return all;
}

}  // namespace mote::test
