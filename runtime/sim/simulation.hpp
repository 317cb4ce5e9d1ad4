// One simulated run: the seam behind which everything is decided by a seed, and where what happens is told.
//
// Single-threaded, but for steps() and about(), which the watch reads from its thread.
//
// E1  A run that has failed goes on to its end where that is possible, so that destructors run and nothing is lost. With too
//     many steps everyone is killed first; who then takes a tenth as many again is left where it is.
// E2  Faults, and the user's program, draw from generators of their own: a run without some of them is led as before as far as it
//     goes.
// E3  Postponed mail is delivered at the first door after it is due, as by a plain thread, or when time skips to it. Between two
//     processes nothing overtakes: what is sent while something is postponed waits with it, and before a signal, or the news that no
//     answer will come, all of it is delivered.
#pragma once

#include "runtime/process/core.hpp"
#include "runtime/sim/strategy.hpp"
#include "runtime/sim/trace.hpp"

#include <mote/sim.hpp>

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mote::detail {

class simulation final : public seam {
 public:
  /// follows: as run_trace.
  simulation(std::uint64_t seed, const sim::options& given, const run_trace* follows = nullptr);

  /// Before it runs.
  void attach(runtime& home) noexcept { home_ = &home; }
  std::function<void()> on_first_step{};
  run_trace& trace() noexcept { return trace_; }
  /// Only the first counts.
  void fail(std::string why);
  void crashed(const crash_report& report);
  void stood(const deadlock_report& report);
  /// After the run.
  sim::result outcome(int code);

  // ---- for the watch, any thread ----
  std::uint64_t steps() const noexcept { return steps_.load(relaxed); }
  const char* calling() const noexcept { return calling_.load(relaxed); }
  std::uint64_t running() const noexcept { return running_.load(relaxed); }

  // ---- the seam ----
  std::uint64_t now_ns() noexcept override { return now_; }
  std::uint32_t choose(std::uint32_t count) noexcept override;
  std::uint64_t random() noexcept override;
  std::int32_t slice(std::int32_t usual) noexcept override;
  bool orders() const noexcept override { return true; }
  bool skip_to(std::uint64_t deadline_ns) noexcept override;
  std::uint32_t next(std::span<const std::uint64_t> names) noexcept override;
  void leaves_out() noexcept override { ++drawn_; }
  void look(unsigned scheduler, const trace_ring& events) noexcept override;
  void called(unsigned scheduler, std::uint64_t who, const runtime_call& what) noexcept override;
  bool fails(mishap what) noexcept override;
  bool is_slow() const noexcept override { return given_.what_fails.delay_one_in != 0; }
  bool postpones(std::uint64_t from, std::uint64_t to, envelope* mail) noexcept override;
  void hurry(std::uint64_t from, std::uint64_t to) noexcept override;
  std::uint64_t due_ns() const noexcept override;
  bool drop_postponed() noexcept override;
  void freed(unsigned scheduler, std::uint64_t who, const envelope& mail, bool dropped) noexcept override;
  void ended(std::uint64_t who, const reason& why) noexcept override;
  bool is_over() const noexcept override { return over_; }
  void stands() noexcept override;

 private:
  static constexpr std::size_t most_schedulers = 64;

  struct postponed {
    std::uint64_t from, to, due_ns;
    envelope* mail;
  };

  void add(happening what, unsigned scheduler, std::uint64_t who, std::uint64_t other, const char* text,
           const message_type* type = nullptr);
  void add_event(unsigned scheduler, const trace_entry& one);
  void learn_name(std::uint64_t key);
  void count_step() noexcept;
  template <class Wanted>
  void deliver_if(Wanted&& wanted) noexcept;
  void deliver(const postponed& one) noexcept;
  void deliver_due() noexcept;
  void kill_all() noexcept;
  void kill_somebody(unsigned scheduler);
  bool is_mortal(std::uint64_t key) const noexcept;
  bool occurs(std::uint32_t one_in) noexcept;

  const std::uint64_t seed_;
  const sim::options& given_;
  split_mix random_, fault_random_, user_random_;
  std::uint64_t drawn_ = 0;
  std::unique_ptr<chooser> chooser_;
  run_trace trace_;
  runtime* home_ = nullptr;
  std::array<std::uint64_t, most_schedulers> seen_{};  // of each scheduler's events
  std::uint64_t now_ = 1'000'000'000;
  std::atomic<std::uint64_t> steps_{0}, running_{0};
  std::atomic<const char*> calling_{""};
  std::uint64_t kills_ = 0, other_faults_ = 0;
  std::vector<postponed> postponed_;  // in the order of their sending
  unsigned stands_ = 0;
  std::string why_;
  std::string trace_then_;  // as it was when it failed
  bool killed_all_ = false, over_ = false;
  bool is_quiet_ = false;   // the simulation itself acts: no fault comes of it
};

}  // namespace mote::detail
