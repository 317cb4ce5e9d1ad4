// Every decision of a checked run: which thread goes on, which store a load sees, whether a weak compare-exchange
// fails for no reason. Depth first it goes through all of them within the budgets; then by seed. A run is its list of
// decisions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/model/clock.hpp"

namespace mote::model {

/// What a run may spend on each kind of surprise before the plain choice is the only one left.
struct budget {
  std::uint32_t preemptions = 2;
  std::uint32_t stale_reads = 2;
  std::uint32_t spurious_failures = 1;
};

class choices {
 public:
  enum class way : std::uint8_t { depth_first, random, pct, replay };

  /// The first of all runs, depth first. next_run() then says whether there is another.
  void search_depth_first(budget most);
  bool next_run();
  /// One run by a seed: uniformly random, or PCT (random priorities, `depth` - 1 points where they change).
  void run_seed(std::uint64_t seed, way how, budget most);
  /// One run by the text of a list(): every decision is taken from there.
  void run_list(const std::string& text);

  /// Which of the threads goes on. When the running one can go on, it is the first of them and any other is a
  /// preemption.
  std::size_t thread(const std::array<std::uint8_t, most_threads>& ready, std::size_t count, bool running_is_first);
  /// Which of `count` stores a load sees; 0 is the newest.
  std::size_t store(std::size_t count) { return surprise(count, left_.stale_reads); }
  bool spurious_failure() { return surprise(2, left_.spurious_failures) == 1; }
  /// A decision of the test itself; no budget.
  std::size_t any(std::size_t count);

  /// The decisions of this run, for replay.
  std::string list() const;

 private:
  struct decision {
    std::uint8_t taken;
    std::uint8_t count;  // 1: the budget left no choice; not to be tried again
  };

  void start_run();
  std::size_t surprise(std::size_t count, std::uint32_t& left);
  /// Takes one of `count`; of `allowed` when searching depth first.
  std::size_t decide(std::size_t count, std::size_t allowed, std::size_t wanted);
  std::size_t by_priority(const std::array<std::uint8_t, most_threads>& ready, std::size_t count);
  std::uint64_t random();
  bool one_in(std::uint64_t n) { return random() % n == 0; }

  way way_ = way::depth_first;
  budget most_;
  budget left_;
  std::vector<decision> decisions_;
  std::size_t position_ = 0;
  std::uint64_t random_state_ = 0;
  std::uint64_t switch_one_in_ = 2;
  std::uint32_t scheduled_ = 0;     // scheduling decisions of this run
  std::uint32_t last_length_ = 16;  // of the run before
  std::array<std::uint32_t, 2> change_points_{};
  std::array<std::uint32_t, most_threads> priority_{};
};

}  // namespace mote::model
