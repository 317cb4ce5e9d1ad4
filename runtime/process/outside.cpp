// Labels: outside.hpp (H).
#include "runtime/process/outside.hpp"

#include "runtime/base/check.hpp"
#include "runtime/base/probe_point.hpp"
#include "runtime/os/clock.hpp"
#include "runtime/os/zygote.hpp"

#include <cerrno>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <utility>

namespace mote::detail {

namespace {

constinit std::mutex list_lock;
constinit runtime* first_listed = nullptr;

bool calls_from_a_process() noexcept {
  const core* const here = current_core();
  return here != nullptr && here->running() != nullptr;
}

thread_local const runtime* called_now = nullptr;  // by a plain thread, on which no process ever is

// H4. The one thread there is may be a scheduler's, on a process's stack: it runs on, to an exec or an _exit.
void leave_behind_in_child() noexcept {
  list_lock.unlock();
  forget_zygote();
  if (core* const here = current_core()) here->orphan();
}

constexpr fork_steps around_fork{[]() noexcept { list_lock.lock(); }, []() noexcept { list_lock.unlock(); },
                                 &leave_behind_in_child};

[[noreturn]] MOTE_COLD void fork_left_it(const char* call) {
  throw usage_error(std::string(call) + ": this OS process is the child of a fork, in which the runtime of its parent has no "
                                        "thread: start another program by exec, or make a runtime of its own");
}

}  // namespace

const runtime* begin_outside_call(const runtime& which) noexcept {
  return current_core() == nullptr ? std::exchange(called_now, &which) : nullptr;
}

void end_outside_call(const runtime* outer) noexcept {
  if (current_core() == nullptr) called_now = outer;
}

void refuse_to_wait_for_itself(const runtime& home) noexcept {
  if (current_core() != nullptr || called_now != &home) return;
  check_failed(__FILE__, __LINE__, "mote::runtime::shutdown was called by a signal handler that has interrupted this thread in a call of a "
                                   "runtime, for whose end it would wait; write to a descriptor in the handler, or take the signal by a "
                                   "signalfd, and shut down elsewhere");
}

void list_runtime(runtime& which) {
  watch_forks(around_fork);
  const std::lock_guard hold(list_lock);
  which.listed_after = std::exchange(first_listed, &which);
}

void unlist_runtime(runtime& which) noexcept {
  const std::lock_guard hold(list_lock);
  for (runtime** each = &first_listed; *each != nullptr; each = &(*each)->listed_after) {
    if (*each != &which) continue;
    *each = which.listed_after;
    return;
  }
}

visit visit::to(std::uint64_t place, const char* call) {
  const std::lock_guard hold(list_lock);
  for (runtime* each = first_listed; each != nullptr; each = each->listed_after) {
    if (each->table.place() != place) continue;
    if (!left_by_fork(*each)) return visit(*each);
    if (call != nullptr) fork_left_it(call);
  }
  return {};
}

// The seam's own clock is its scheduler's alone.
std::uint64_t now_in(const runtime& home) noexcept {
  if (!home.settings.deterministic_seed) return monotonic_ns();
  return std::uint64_t{home.schedulers[0].coarse_time()} << scheduler::coarse_shift;
}

void refuse_after_fork(const runtime& home, const char* call) {
  if (left_by_fork(home)) fork_left_it(call);
}

// ---- sending ----

way_in::way_in(runtime& to) noexcept : place_(to.table.place()) { open(); }
way_in::way_in(const way_in& other) noexcept : place_(other.place_) { open(); }
way_in& way_in::operator=(const way_in& other) noexcept {
  other.open();
  close();
  place_ = other.place_;
  return *this;
}
way_in::~way_in() { close(); }

void way_in::open() const noexcept {
  if (const visit there = visit::to(place_)) there.home().ways_in.fetch_add(1, relaxed);
}

// A scheduler looks again: perhaps all that is left waits for one another. deadlock.cpp, O1
void way_in::close() const noexcept {
  const visit there = visit::to(place_);
  if (there && there.home().ways_in.fetch_sub(1, release) == 1) there.home().schedulers.wake(0);
}

namespace {

visit visit_of(runtime& where, const char* call) {
  refuse_after_fork(where, call);
  return visit(where);
}

visit visit_of(const way_in& where, const char* call) { return visit::to(where.place(), call); }

// Of a plain thread.
template <class Where>
posted post_by(Where& where, const char* call, pid to, envelope_ptr mail, const patience& at_full) {
  const errno_kept same;
  const visit there = visit_of(where, call);
  return there ? post_from_outside(there.home(), to, std::move(mail), at_full) : posted::gone;
}

template <class Where>
void deliver_by(Where& where, const char* call, pid to, envelope* given) {
  envelope_ptr mail(given);
  if (calls_from_a_process()) return deliver(to, mail.release());
  static_cast<void>(post_by(where, call, to, std::move(mail), waits_for_room));
}

template <class Where>
send_result try_deliver_by(Where& where, const char* call, pid to, envelope* given) {
  envelope_ptr mail(given);
  if (calls_from_a_process()) return try_deliver(to, mail.release());
  return told_of(post_by(where, call, to, std::move(mail), refuses));
}

}  // namespace

void deliver_from_outside(runtime& where, pid to, envelope* mail) { deliver_by(where, "mote::runtime::send", to, mail); }
void deliver_from_outside(const way_in& where, pid to, envelope* mail) {
  deliver_by(where, "mote::runtime_handle::send", to, mail);
}

send_result try_deliver_from_outside(runtime& where, pid to, envelope* mail) {
  return try_deliver_by(where, "mote::runtime::try_send", to, mail);
}
send_result try_deliver_from_outside(const way_in& where, pid to, envelope* mail) {
  return try_deliver_by(where, "mote::runtime_handle::try_send", to, mail);
}

pid require_name(const char* call, runtime& where, std::string_view name) {
  refuse_after_fork(where, call);
  return where.names.require(call, name);
}

pid require_name(const char* call, const way_in& where, std::string_view name) {
  const errno_kept same;
  if (const visit there = visit::to(where.place(), call)) return there.home().names.require(call, name);
  return name_table().require(call, name);
}

// ---- starting ----

outside_draft::outside_draft(runtime& home, const closure_type& type, const spawn_options* options)
    : home_(home), subject_(nullptr), options_(options) {
  const errno_kept same;
  refuse_after_fork(home, "mote::runtime::spawn");
  subject_ = &home.prepare_from_outside(type, options);
}

outside_draft::~outside_draft() {
  if (subject_ != nullptr) home_.discard_from_outside(*subject_);
}

void* outside_draft::place() const noexcept { return subject_->closure_place(); }

pid outside_draft::launch() {
  const errno_kept same;
  process& child = *subject_;
  const std::uint64_t key = child.key();
  if (options_ != nullptr && !options_->name.empty()) {
    try {
      name_process(home_, child, key, options_->name, "mote::runtime::spawn");
    } catch (...) {
      give_up_body(child);
      throw;
    }
  }
  if (!home_.starts.enter()) {  // H2
    give_up_body(child);
    return {};
  }
  subject_ = nullptr;
  home_.started_outside.fetch_add(1, relaxed);
  MOTE_PROBE(spawn, &child, child.index, static_cast<const process*>(nullptr));
  tsan_release(&child);
  home_.schedulers.submit(child);
  home_.starts.leave();
  return home_.table.pid_of(key);
}

void refuse_start_after_shutdown() {
  throw usage_error("mote::runtime::spawn: the runtime has been shut down, or is just being shut down");
}

// ---- calling ----

namespace {

/// One call, on the stack of the thread that waits for it.
struct outside_call {
  void (*function)(void*);
  void* argument;
  bool returned = false;
  std::exception_ptr thrown{};
  reason why{};
  std::mutex lock{};
  std::condition_variable changed{};
  bool ended = false;

  void run() {
    try {
      function(argument);
      returned = true;
    } catch (const exit_unwind&) {
      throw;
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  void end(const reason& how) noexcept {
    const std::lock_guard hold(lock);
    why = how;
    ended = true;
    changed.notify_one();
  }
  void wait() {
    std::unique_lock hold(lock);
    changed.wait(hold, [this] { return ended; });
  }
};

struct call_body {
  outside_call* call;
  static void run(void* place) { static_cast<call_body*>(place)->call->run(); }
  static void drop(void*) noexcept {}
};
constexpr closure_type call_type{sizeof(call_body), alignof(call_body), &call_body::run, &call_body::drop};

void refuse_to_call_own(const runtime& home) {
  const core* const here = current_core();
  if (here == nullptr || &here->home != &home) return;
  throw usage_error("mote::runtime::call: called from a process of the same runtime, which it would stop until the call is "
                    "done; there, spawn a process and let it send what it found");
}

}  // namespace

void call_from_outside(runtime& home, const spawn_options* options, void (*function)(void*), void* argument) {
  refuse_to_call_own(home);
  const errno_kept same;
  outside_call call{function, argument};
  {
    outside_draft child(home, call_type, options);
    ::new (child.place()) call_body{&call};
    const std::uint64_t key = child.subject().key();
    child.subject().set(process_flags::heard);
    const auto told = [](void* whose, const reason& why) noexcept { static_cast<outside_call*>(whose)->end(why); };
    home.await_end(child.subject(), {told, &call});
    try {
      if (!child.launch()) throw call_failed(reason::shutdown);
    } catch (...) {
      if (!home.forget_awaiter(key)) call.wait();  // a shutdown tells it just now
      throw;
    }
  }
  call.wait();
  if (call.thrown != nullptr) std::rethrow_exception(std::move(call.thrown));
  if (!call.returned) throw call_failed(std::move(call.why));
}

// ---- who is told of an end ----

void runtime::await_end(process& unborn, const awaiter& then) {
  const std::lock_guard hold(awaiters_lock_);
  awaiters_.emplace(unborn.key(), then);
  unborn.set(process_flags::awaited);
}

bool runtime::forget_awaiter(std::uint64_t key) noexcept {
  const std::lock_guard hold(awaiters_lock_);
  return awaiters_.erase(key) != 0;
}

void runtime::tell_awaiter(std::uint64_t key, const reason& why) noexcept {
  awaiter told;
  {
    const std::lock_guard hold(awaiters_lock_);
    const auto found = awaiters_.find(key);
    if (found == awaiters_.end()) return;
    told = found->second;
    awaiters_.erase(found);
  }
  told.ended(told.context, why);
}

void runtime::tell_all_awaiters() noexcept {
  for (;;) {
    std::uint64_t key = 0;
    {
      const std::lock_guard hold(awaiters_lock_);
      if (awaiters_.empty()) return;
      key = awaiters_.begin()->first;
    }
    tell_awaiter(key, reason::shutdown);
  }
}

}  // namespace mote::detail

namespace mote {

call_failed::call_failed(reason why)
    : no_reply("mote::runtime::call: its process ended without returning (" + to_string(why) + ")", why) {}

}  // namespace mote
