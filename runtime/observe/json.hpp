// Records as JSON, from a signal handler too: nothing is allocated, no lock is taken, no C library buffer is used.
// The format, a stable one: docs/observing.md.
#pragma once

#include "runtime/observe/snapshot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mote::detail {

/// Writes JSON to a descriptor: commas are put where they belong.
class json_out {
 public:
  explicit json_out(int descriptor) noexcept : descriptor_(descriptor) {}
  json_out(const json_out&) = delete;
  json_out& operator=(const json_out&) = delete;
  ~json_out() { flush(); }

  json_out& begin(char bracket) noexcept;
  json_out& end(char bracket) noexcept;
  json_out& key(std::string_view name) noexcept;
  json_out& text(std::string_view value) noexcept;
  json_out& number(std::uint64_t value) noexcept;
  json_out& hex(std::uint64_t value) noexcept;  ///< as a text: JSON's numbers lose bits in many readers
  json_out& truth(bool value) noexcept;
  json_out& one(pid value) noexcept;
  json_out& line() noexcept;  ///< what comes next stands on a new line, for who reads the file with grep
  json_out& last_line() noexcept;  ///< ends the file
  /// False: something could not be written, for the reason that is error() then, the system's number.
  bool flush() noexcept;
  int error() const noexcept { return error_; }

 private:
  void separate() noexcept;
  void put(std::string_view bytes) noexcept;
  void put_digits(std::uint64_t value, int base) noexcept;
  void escape(std::string_view bytes) noexcept;

  int descriptor_;
  int error_ = 0;
  bool comma_ = false;
  std::size_t filled_ = 0;
  std::array<char, 4096> buffer_;
};

/// Modules that addresses of the records lie in: those told are collected on the way.
class module_list {
 public:
  static constexpr std::size_t most = 64;
  /// Async-signal-safe.
  void add_of(std::uint64_t address) noexcept;
  void write(json_out& out) const noexcept;

 private:
  std::size_t count_ = 0;
  std::array<module_record, most> modules_;
};

/// Each an object, after a key or in a list.
void write(json_out& out, const process_record& one, module_list& modules) noexcept;
void write(json_out& out, const scheduler_record& one) noexcept;
/// Without its brackets: what follows belongs to the same object, message_bytes among it, which nobody knows before the processes.
void write(json_out& out, const runtime_record& one) noexcept;

}  // namespace mote::detail
