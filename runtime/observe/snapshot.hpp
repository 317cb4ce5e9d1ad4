// What a dump tells, as plain records of fixed size: filled by whoever looks (collect.hpp) or reads a dump (tools/mote_dump),
// written as JSON (json.hpp) or as text (text.hpp).
#pragma once

#include <mote/observe.hpp>
#include <mote/pid.hpp>
#include <mote/process.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace mote::detail {

/// A text of at most Size bytes; what is more is cut off.
template <std::size_t Size>
class short_text {
 public:
  void assign(std::string_view text) noexcept {
    length_ = static_cast<std::uint32_t>(std::min(text.size(), Size));
    std::memcpy(bytes_.data(), text.data(), length_);
  }
  std::string_view view() const noexcept { return {bytes_.data(), length_}; }
  bool empty() const noexcept { return length_ == 0; }
  static constexpr std::size_t most = Size;

 private:
  std::uint32_t length_ = 0;
  std::array<char, Size> bytes_{};
};

/// The first few of some processes, and how many there are.
struct some_pids {
  static constexpr std::size_t most = 8;
  std::array<pid, most> first;
  std::size_t count = 0;
  void add(pid one) noexcept {
    if (count < most) first[count] = one;
    ++count;
  }
  std::size_t shown() const noexcept { return std::min(count, most); }
};

struct process_record {
  static constexpr std::size_t most_frames = 24;

  pid id, parent;
  short_text<48> name;
  short_text<96> label, first_message, server;  ///< server: the type of its state, if it is one
  process_state state = process_state::ready;
  wait_reason waits_for = wait_reason::message;  ///< of one that waits
  pid waits_for_whom;
  int waits_for_descriptor = -1;
  std::uint64_t waits_ns = 0;  ///< so long
  mote::priority prio = priority::normal;
  bool traps_exits = false;
  int pinned = -1;     ///< to that scheduler; -1: to none
  int scheduler = -1;  ///< that runs it; -1: none, or not known
  std::uint64_t messages = 0, message_bytes = 0;
  some_pids links, monitors, watchers;
  std::uint64_t stack_bytes = 0, stack_limit = 0, reductions = 0;
  std::size_t frames = 0;
  std::array<std::uint64_t, most_frames> frame{};  ///< addresses of code, innermost first
};

struct event_record {
  std::string_view what;  ///< lives for ever
  pid subject, other;     ///< processes it concerns; nobody: none
  std::uint64_t number = 0;
};

struct scheduler_record {
  static constexpr std::size_t most_events = 64;

  unsigned index = 0;
  int thread = 0;  ///< of the kernel; 0: not started
  pid running;
  bool sleeps = false;
  scheduler_statistics counts;
  std::size_t events = 0;
  std::array<event_record, most_events> event{};  ///< newest first
};

struct runtime_record {
  short_text<160> cause;  ///< why it was dumped
  int os_process = 0;
  std::uint64_t place = 0;
  std::uint64_t now_ns = 0;
  bool still = false;  ///< all of its threads stood still meanwhile
  std::uint64_t processes = 0, spawned = 0, ended = 0, abandoned = 0;
  std::uint64_t threads = 0, threads_lacked = 0;  ///< beside those of the schedulers: in use, and how often one was wanted in vain
  std::uint64_t injected = 0;        ///< made ready from outside, and no scheduler's yet
  std::uint64_t process_bytes = 0;   ///< of control blocks
  std::uint64_t stacks = 0, stack_address_bytes = 0;  ///< in use, or kept for the next process; addresses opened for them
  std::uint64_t message_bytes = 0;   ///< in all mailboxes
  std::uint64_t resident_bytes = 0;  ///< of the whole OS process
};

/// A program or library, and where it lies in memory.
struct module_record {
  short_text<192> path;
  std::uint64_t base = 0, begin = 0, end = 0;  ///< base: what to take from an address to get one of the file's
};

/// By the name of its state's type, which compilers write with its namespace or without.
inline bool is_supervisor(const process_record& one) noexcept {
  const std::string_view type = one.server.view();
  return type == "mote::detail::supervisor_state" || type == "supervisor_state";
}

}  // namespace mote::detail
