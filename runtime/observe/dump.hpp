// A whole runtime, as it is now.
#pragma once

#include "runtime/observe/collect.hpp"
#include "runtime/observe/json.hpp"
#include "runtime/observe/text.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mote::detail {

/// Records of all there is, kept in memory of its own, so that none is needed while threads stand still.
class snapshot {
 public:
  /// Room for it. Throws std::bad_alloc.
  explicit snapshot(runtime& home);
  snapshot(const snapshot&) = delete;
  snapshot& operator=(const snapshot&) = delete;
  ~snapshot();

  /// Looks. Allocates nothing.
  void take(const still_threads& threads, std::string_view cause) noexcept;

  const runtime_record& whole() const noexcept { return whole_; }
  std::span<const scheduler_record> schedulers() const noexcept { return schedulers_; }
  std::span<const process_record> processes() const noexcept { return {processes_, count_}; }
  /// Throws std::bad_alloc.
  std::string as_text() const;

 private:
  runtime& home_;
  runtime_record whole_;
  std::vector<scheduler_record> schedulers_;
  process_record* processes_ = nullptr;
  std::size_t room_ = 0, count_ = 0;
};

/// Writes one runtime as an object. Async-signal-safe.
void write_json(json_out& out, runtime& home, const still_threads& threads, std::string_view cause) noexcept;

/// A namer for the addresses of this OS process, which remembers what it has looked up.
frame_namer own_frames();

}  // namespace mote::detail
