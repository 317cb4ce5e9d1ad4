// Descriptors that the program keeps and processes wait for: one entry for each, while anybody waits.
#pragma once

#include "runtime/io/netpoll.hpp"
#include "runtime/io/network.hpp"

#include <mutex>
#include <unordered_map>

namespace mote::detail {

class watches {
 public:
  watches(io_table& table, netpoll& poll) noexcept : table_(table), poll_(poll) {}

  /// As network::watch and unwatch. Any thread; locks for a moment.
  opened begin(int descriptor, io_side side);
  void end(io_entry& entry, io_side side) noexcept;

 private:
  struct watch {
    io_entry* entry = nullptr;
    std::array<bool, 2> taken{};
  };
  int tell_anew(io_entry& entry) noexcept;

  io_table& table_;
  netpoll& poll_;
  std::mutex lock_;
  std::unordered_map<int, watch> by_descriptor_;
};

}  // namespace mote::detail
