// What the process layer does when a scheduler changes its thread (scheduler/handoff.cpp), and what it says of the one that made
// that necessary.
#include "runtime/base/plain_line.hpp"
#include "runtime/os/halt.hpp"
#include "runtime/os/other_thread.hpp"
#include "runtime/os/symbols.hpp"
#include "runtime/process/core.hpp"

#include <array>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>

namespace mote::detail {

void core::take_over(core& from) noexcept {
  numbers_ = from.numbers_;
  started = from.started;
  ended = from.ended;
  unarmed = from.unarmed;
  look_beyond_bytes = from.look_beyond_bytes;
  from.started = 0;
  from.ended = 0;
  from.unarmed.count = 0;
  from.crowder = nullptr;
}

std::uint64_t runnable_hooks::hand_over(scheduler& from, scheduler& to, runnable& left) noexcept {
  static_cast<core&>(to).take_over(static_cast<core&>(from));
  return left.handoffs == 1 ? static_cast<process&>(left).key() : 0;
}

namespace {

// The registers of one that has left its scheduler and runs on that thread, without a signal where it waits: a call that is
// interrupted is not always one that is restarted.
std::optional<frame_registers> registers_on(int thread) noexcept {
  if (auto waiting = registers_in_call(thread)) return waiting;
  const halted_threads halted(1, [thread](std::size_t) { return thread; });
  if (halted.size() == 0 || halted[0].thread != thread) return std::nullopt;
  return halted[0].registers;
}

// The innermost first, a line for each. It may be back, and elsewhere: then its stack does not hold the thread's frames.
std::string frames_of(const stack* ground, int thread) {
  constexpr std::size_t most = 32;
  const auto from = registers_on(thread);
  if (!from || ground == nullptr) return {};
  std::array<const void*, most> codes{};
  const stack_range within{ground->limit, ground->top()};
  const auto at = reinterpret_cast<const std::byte*>(from->value[frame_registers::stack]);
  if (at < within.low || at >= within.high) return {};
  const std::size_t count = backtrace_of(*from, within, codes.data(), codes.size());
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* const call = static_cast<const std::byte*>(codes[i]) - (i == 0 ? 0 : 1);  // a return address lies behind its call
    text += "  #" + std::to_string(i) + " " + function_at(call) + "\n";
  }
  return text;
}

handoff_report report_of(core& from, std::uint64_t key, std::uint64_t held_ns) {
  handoff_report made{from.home.table.pid_of(key), {}, {}, std::chrono::nanoseconds(held_ns), {}};
  const process* const self = from.home.table.find(key);
  if (self == nullptr) return made;
  made.where = frames_of(self->ground, from.thread());
  const std::lock_guard hold(from.home.details_lock);
  if (self->details == nullptr) return made;
  made.name = self->details->name;
  made.label = self->details->label;
  return made;
}

void print(const handoff_report& report) {
  std::string text = "mote: process " + to_string(report.process);
  if (!report.name.empty()) text += " \"" + report.name + "\"";
  if (!report.label.empty()) text += " (" + report.label + ")";
  text += " has not entered the runtime for " + std::to_string(report.held.count() / 1'000'000) +
          " ms; its scheduler goes on in another thread (mote::blocking, mote::yield)\n" + report.where;
  std::fputs(text.c_str(), stderr);
}

}  // namespace

void runnable_hooks::report_handoff(scheduler& from, std::uint64_t left, std::uint64_t held_ns) noexcept {
  core& where = static_cast<core&>(from);
  const options& settings = where.home.settings;
  if (left == 0) return;
  tell_long_run(where.home, where.home.table.pid_of(left), std::chrono::nanoseconds(held_ns));
  if (!settings.report_handoff) return;
  try {
    const handoff_report report = report_of(where, left, held_ns);
    if (!settings.on_handoff) return print(report);
    settings.on_handoff(report);
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "mote: a process lost its scheduler to another thread, and the report of it failed: %s\n", failed.what());
  } catch (...) {
    std::fputs("mote: options::on_handoff threw something that is no std::exception\n", stderr);
  }
}

void runnable_hooks::report_no_thread(scheduler& there, std::error_code why) noexcept {
  runtime& home = static_cast<core&>(there).home;
  const std::string_view what = home.schedulers.threads().is_full() ? "options::max_threads (MOTE_MAX_THREADS) are in use"
                                                                    : "the system gives no more";
  plain_line line;  // often it is memory that is wanting
  line << "mote: no thread is left beside those of the schedulers, of " << std::uint64_t{home.settings.max_threads} << ": " << what << " ("
       << words_for(why.value()) << "). Until one is free, blocking calls wait, and schedulers for processes that do not let go of them\n";
  line.print();
}

}  // namespace mote::detail
