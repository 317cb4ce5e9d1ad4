#include "tests/model/engine.hpp"

#include <sys/mman.h>

#include <boost/context/detail/fcontext.hpp>
#include <exception>

#include "runtime/base/check.hpp"

namespace mote::model {
namespace {

constexpr std::size_t stack_bytes = 256 * 1024;
constexpr std::size_t guard_bytes = 4096;

void* new_stack() {
  void* const low = mmap(nullptr, stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  MOTE_CHECK(low != MAP_FAILED);
  MOTE_CHECK(mprotect(low, guard_bytes, PROT_NONE) == 0);
  return static_cast<char*>(low) + stack_bytes;
}

}  // namespace

engine* engine::running_ = nullptr;

engine::engine() {
  for (thread& one : threads_) one.stack = new_stack();
}

engine::~engine() {
  for (thread& one : threads_) munmap(static_cast<char*>(one.stack) - stack_bytes, stack_bytes);
}

bool engine::run(call_ref body, std::uint64_t most_operations) {
  trace_.clear();
  memory_.start_run();
  for (thread& one : threads_) one.is = state::unused;
  operations_ = 0;
  most_operations_ = most_operations;
  failed_ = false;
  running_ = this;
  current_ = nobody;
  start(0, body);
  switch_to(0);
  running_ = nullptr;
  return !failed_;
}

// Coroutines

void engine::start(std::size_t number, call_ref call) {
  thread& fresh = threads_[number];
  fresh.is = state::ready;
  fresh.retried = false;
  fresh.call = call;
  fresh.saved = boost::context::detail::make_fcontext(fresh.stack, stack_bytes - guard_bytes, [](auto from) {
    *static_cast<context*>(from.data) = from.fctx;
    enter();
  });
}

void engine::enter() {
  engine& self = *running_;
  const auto number = static_cast<std::uint8_t>(self.current_);
  if (number > 0) self.trace_.add({event::kind::begin, number, {}, 0, 0, 0});
  try {
    self.threads_[number].call();
  } catch (const std::exception& error) {
    self.fail(error.what());
  } catch (...) {
    self.fail("an exception of unknown type left a model thread");
  }
  self.end_thread();
}

void engine::end_thread() {
  threads_[current_].is = state::ended;
  if (current_ == 0) {
    switch_to(nobody);
  } else {
    trace_.add({event::kind::end, static_cast<std::uint8_t>(current_), {}, 0, 0, 0});
    choose_next();
  }
  MOTE_CHECK(false);  // nobody comes back to an ended thread
}

engine::context& engine::slot_of_current() noexcept { return current_ == nobody ? host_ : threads_[current_].saved; }

void engine::switch_to(std::size_t next) {
  context* const mine = &slot_of_current();
  current_ = next;
  const auto from = boost::context::detail::jump_fcontext(slot_of_current(), mine);
  *static_cast<context*>(from.data) = from.fctx;
}

void engine::fail(const char* why) {
  failed_ = true;
  why_ = why;
  switch_to(nobody);
  std::terminate();
}

// Scheduling

void engine::together(const call_ref* calls, std::size_t count) {
  MOTE_CHECK(current_ == 0 && count < most_threads);
  for (std::size_t i = 1; i <= count; ++i) {
    memory_.fork(0, i);
    start(i, calls[i - 1]);
  }
  threads_[0].is = state::joining;
  choose_next();
  threads_[0].is = state::ready;
  for (std::size_t i = 1; i <= count; ++i) {
    memory_.join(0, i);
    threads_[i].is = state::unused;
  }
}

void engine::point() {
  if (current_ == 0) return;  // alone
  if (++operations_ > most_operations_) fail("too many operations in one run: a livelock, or raise most_operations");
  choose_next();
}

void engine::pause() {
  if (current_ == 0) fail("the body spins, and no other thread runs");
  trace_.add({event::kind::pause, static_cast<std::uint8_t>(current_), {}, 0, 0, 0});
  thread& self = threads_[current_];
  if (self.writes_at_pause != memory_.writes()) {
    self.retried = false;
    memory_.set_fresh(current_, false);
  }
  self.writes_at_pause = memory_.writes();
  self.is = state::paused;
  point();
}

void engine::wait_until(condition_ref holds) {
  if (current_ == 0 && !holds()) fail("the body waits, and no other thread runs");
  thread& self = threads_[current_];
  if (current_ == 0) return;
  self.holds = holds;
  self.is = state::waiting;
  point();
}

bool engine::can_go_on(const thread& one) const {  // E1
  switch (one.is) {
    case state::ready: return true;
    case state::paused: return one.writes_at_pause != memory_.writes();
    case state::waiting: return one.holds();
    case state::joining:
      for (std::size_t i = 1; i < most_threads; ++i)
        if (threads_[i].is != state::unused && threads_[i].is != state::ended) return false;
      return true;
    case state::unused:
    case state::ended: break;
  }
  return false;
}

/// Those who can go on, the running one first.
std::size_t engine::collect_ready(std::array<std::uint8_t, most_threads>& ready) const {
  std::size_t count = 0;
  if (can_go_on(threads_[current_])) ready[count++] = static_cast<std::uint8_t>(current_);
  for (std::size_t i = 0; i < most_threads; ++i)
    if (i != current_ && can_go_on(threads_[i])) ready[count++] = static_cast<std::uint8_t>(i);
  return count;
}

bool engine::retry_paused() {  // E2
  bool any = false;
  for (std::size_t i = 1; i < most_threads; ++i) {
    thread& one = threads_[i];
    if (one.is != state::paused || one.retried) continue;
    one.is = state::ready;
    one.retried = true;
    memory_.set_fresh(i, true);
    any = true;
  }
  return any;
}

void engine::choose_next() {
  std::array<std::uint8_t, most_threads> ready{};
  std::size_t count = collect_ready(ready);
  if (count == 0 && retry_paused()) count = collect_ready(ready);
  if (count == 0) fail(("deadlock, or a lost wake-up:" + describe_threads()).c_str());
  const std::size_t next = ready[choices_.thread(ready, count, ready[0] == current_)];
  thread& chosen = threads_[next];
  if (chosen.is == state::paused || chosen.is == state::waiting) chosen.is = state::ready;
  if (next != current_) switch_to(next);
}

std::string engine::describe_threads() const {
  std::string text;
  for (std::size_t i = 1; i < most_threads; ++i) {
    if (threads_[i].is == state::paused) text += " thread " + std::to_string(i) + " spins;";
    if (threads_[i].is == state::waiting) text += " thread " + std::to_string(i) + " waits;";
  }
  return text;
}

}  // namespace mote::model
