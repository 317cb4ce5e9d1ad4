// What the model threads of one run did, in order, for the report of a failure.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mote::model {

struct event {
  enum class kind : std::uint8_t { load, store, change, failed_cas, fence, pause, read_data, write_data, begin, end };
  kind what;
  std::uint8_t thread;
  std::memory_order order;
  std::uint32_t atomic;  // number of the atomic or of the data cell, in order of first use
  std::uint32_t age;     // of a load: how many newer stores there were
  std::uint64_t value;   // seen, or left behind
};

class trace {
 public:
  void clear() noexcept { events_.clear(); }
  void add(const event& what) { events_.push_back(what); }
  /// One line an operation: number, thread, operation, order, atomic, value.
  std::string text() const;

 private:
  std::vector<event> events_;
};

}  // namespace mote::model
