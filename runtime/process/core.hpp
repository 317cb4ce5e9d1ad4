// What the process layer keeps for each scheduler, the door between a user's code and the runtime, and what is done behind it.
#pragma once

#include "runtime/base/annotate_memory.hpp"
#include "runtime/base/inline.hpp"
#include "runtime/memory/shelves.hpp"
#include "runtime/os/held_mutexes.hpp"
#include "runtime/process/process.hpp"
#include "runtime/process/refs.hpp"
#include "runtime/process/runtime.hpp"

#include <mote/error.hpp>
#include <mote/process.hpp>

#include <array>
#include <chrono>
#include <limits>
#include <memory>
#include <string>

namespace mote::detail {

class fault;

/// What a call costs. A send costs one reduction, a spawn as much as some thirty sends: so a loop that spawns yields while
/// its children are still in the cache.
struct cost {
  static constexpr std::int32_t call = 1;
  static constexpr std::int32_t spawn = 32;
  static constexpr std::uint64_t long_mailbox = 128;   ///< messages; from here on a send costs more
  static constexpr std::int32_t send_to_long = 64;
};

/// Who began to wait here with a lax limit since the last service (wait.cpp, P2). Blocks are type-stable, so one that names a
/// process of long ago does no harm.
struct unarmed_waits {
  static constexpr std::uint32_t most = 64;
  std::array<process*, most> who;
  relaxed_cell<std::uint32_t> count = 0;
};

/// A scheduler with what processes need beside it.
class core final : public scheduler {
 public:
  /// place: as of scheduler.
  core(runtime& owner, station* place);

  process* current() const noexcept { return static_cast<process*>(running()); }
  /// A number nobody in this runtime has had, nor, save in deterministic mode, where all numbers come again, in one of the
  /// last 4096 runtimes of this program; nor, in an isolated process's, in the one that started it.
  std::uint64_t new_number() noexcept { return (std::uint64_t{index()} + 1) << 53 | ++numbers_; }
  stack_cache& stacks() noexcept { return stacks_; }
  /// Takes over what belongs to the station's holder in this layer (scheduler.hpp, S6).
  void take_over(core& from) noexcept;
  /// Drops what a timer holds that will not fire.
  static void drop_timer_payload(timer& pending) noexcept;

  runtime& home;
  block_cache blocks;
  shelves envelopes;
  relaxed_cell<std::uint64_t> started, ended;
  /// A stack that had so much more when its process last left is looked at: to give pages back, or, always, for an alarm.
  static constexpr std::int64_t usual_beyond = 64 * 1024;
  static constexpr std::int64_t always = std::numeric_limits<std::int64_t>::min() / 2;
  relaxed_cell<std::int64_t> look_beyond_bytes = usual_beyond;
  unarmed_waits unarmed;
  const process* crowder = nullptr;  ///< who sent last to a long mailbox here
  const process* crowded = nullptr;  ///< and whose that is
  const char* calling = "";  ///< the call that the running process is in; known only to builds that check mutexes
  /// A process that has ended before it began, in whose name the runtime runs what user's code it must (in_nobodys_name).
  process nobody;

 private:
  static constexpr unsigned own_numbers = 40;  // bits; above them the runtime's, whether it is an isolated one, then the scheduler's
  static constexpr std::uint64_t most_places = (1u << 12) - 1;
  static constexpr std::uint64_t isolated_numbers = std::uint64_t{1} << 52;

  std::uint64_t numbers_;
};

inline core* current_core() noexcept { return static_cast<core*>(current_scheduler()); }

[[noreturn]] MOTE_COLD void not_in_a_process(const char* call, envelope* given = nullptr);

/// The calling process. Throws usage_error in a plain thread. For calls that touch nothing a raider might (scheduler.hpp, S2)
/// and so leave the door closed.
inline process& caller(const char* call) {
  core* const here = current_core();
  if (here == nullptr || here->running() == nullptr) [[unlikely]] not_in_a_process(call);
  return *here->current();
}

/// Into the runtime, on the caller's scheduler; returns the one on which it goes on.
inline core* enter(core& here, const char* call = nullptr, const envelope* mail = nullptr, std::uint64_t about = 0) noexcept {
  core* now = static_cast<core*>(&here.enter(call, mail, about));
  __asm__("" : "+r"(now));  // else gcc keeps addresses within `here`, for the case that it is the same, and passes them through the stack
  return now;
}

/// The door: made at the start of each public call, it marks that the runtime is entered, and left at the end, on whatever
/// scheduler the process is then.
class entry {
 public:
  /// Throws usage_error in a plain thread, with `call`'s name; `given`, if any, is dropped then.
  /// about: the other process's key, for who watches.
  explicit entry(const char* call, envelope* given = nullptr, std::uint64_t about = 0) : entered_(current_core()) {
    if (entered_ == nullptr || entered_->running() == nullptr) [[unlikely]] not_in_a_process(call, given);
    if constexpr (checks_mutexes) entered_->calling = call;
    entered_ = detail::enter(*entered_, call, given, about);
  }
  /// For one that enter_freely let in: leaves for it.
  explicit entry(core& inside) noexcept : entered_(&inside) {}
  entry(const entry&) = delete;
  entry& operator=(const entry&) = delete;
  ~entry() { current_core()->leave(); }

  /// The scheduler that runs the caller since it came in: until anything that may switch.
  core& entered() const noexcept { return *entered_; }
  /// The scheduler that runs the caller now: to be asked again after anything that may switch.
  core& here() const noexcept { return *current_core(); }
  process& self() const noexcept { return *current_core()->current(); }
  runtime& home() const noexcept { return current_core()->home; }

 private:
  core* entered_;
};

/// The caller's scheduler, entered without an entry, which costs less where nothing unusual follows: whoever gets one leaves by
/// itself, or makes an entry of it. nullptr: an entry is wanted.
inline core* enter_freely(const char* call) noexcept {
  core* const here = current_core();
  if (here == nullptr || here->running() == nullptr || !here->enter_freely()) [[unlikely]] return nullptr;
  if constexpr (checks_mutexes) here->calling = call;
  return here;
}

/// The key of a process wherever it is; 0: none. With `call`, throws usage_error with that name for one inside of another OS
/// process, which no tie can reach.
MOTE_COLD std::uint64_t key_abroad(const runtime& home, pid who, const char* call);
inline std::uint64_t key_for(const runtime& home, pid who, const char* call = nullptr) {
  return who.place() == home.table.place() ? key_of(who) : key_abroad(home, who, call);
}
inline pid pid_for(const runtime& home, std::uint64_t key) noexcept {
  return is_foreign(key) ? foreign_pid(home.table.place(), key) : home.table.pid_of(key);
}
/// The pid by which others know a process.
inline pid name_of(const runtime& home, const process& who) noexcept {
  return who.has(process_flags::stands_in) ? home.elsewhere->stood_for(who.key()) : home.table.pid_of(who.key());
}
/// The block of a process of this runtime, or of the one that stands for it here.
process* find_or_stand_in(const runtime& home, pid who) noexcept;

// ---- hosting.cpp ----
/// Asks all processes that are listed to end, then ends them. False: some are left. Called from one that is not listed.
bool end_all_processes(std::chrono::nanoseconds deadline);

// ---- mail.cpp ----
/// While it lives, the calling thread runs a user's code from the midst of the runtime: the destructor of a message that is
/// dropped, of arguments, of a local; a hook. Outside of the door, and in the name of a process that has ended: the code may
/// send and spawn as any, but never waits nor gives way, since what the runtime was about would not stay as it was.
class in_nobodys_name {
 public:
  explicit in_nobodys_name(core& here) noexcept;
  in_nobodys_name(const in_nobodys_name&) = delete;
  in_nobodys_name& operator=(const in_nobodys_name&) = delete;
  ~in_nobodys_name();

 private:
  core& here_;
  runnable* before_;
};
/// Runs a user's destructor, wherever the caller is.
void run_destructor(void (*destroy)(void*) noexcept, void* value) noexcept;
/// Throws usage_error when this process has ended: nothing will come to it.
void refuse_to_wait(const process& self, const char* call);

/// How mail is delivered.
enum class urgency : bool { ordinary, urgent };
/// What a send costs: more to a mailbox where so many wait. Without a limit, producers slow down before memory runs out.
inline void charge(core& here, const process& to, std::uint64_t waiting) noexcept {
  if (waiting < cost::long_mailbox) return static_cast<void>(here.spend(cost::call));
  here.spend(cost::send_to_long);
  here.crowder = here.current();
  here.crowded = &to;
}
/// Takes mail over, puts it into a process's mailbox and wakes it. Never waits for room there. False, and the mail dropped: it
/// has ended, or the mailbox is full and drops what is new. Inside the runtime.
bool post(core& here, process* to, std::uint32_t generation, envelope* mail, urgency how) noexcept;
/// The same, but mail that is not posted stays the caller's.
bool post_or_keep(core& here, process* to, std::uint32_t generation, envelope_ptr& mail, urgency how) noexcept;
/// As post_or_keep, of an ordinary message, by the running process, which may wait for room and then be on another scheduler.
posted post_patiently(core& here, process* to, std::uint32_t generation, envelope_ptr& mail, const patience& at_full);
/// What a sender hears who does not wait.
send_result told_of(posted how) noexcept;
/// As post, to a process of another place; mail that is not posted is dropped. Throws usage_error, when the message cannot cross.
/// refuses: a full mailbox of another runtime is not to be entered. Else mail insists there, whatever the patience: a scheduler's
/// thread must not wait for another runtime.
MOTE_COLD posted post_abroad(core& here, pid to, envelope_ptr mail, urgency how, const patience& at_full = insists);
/// In a simulated run in which mail is slow (seam::postpones): whether this has been put off, and is the seam's now.
MOTE_COLD bool is_postponed(core* here, const runtime& home, const process& to, envelope* mail, urgency how) noexcept;
/// As post, wherever the process is.
bool post_to(core& here, std::uint64_t to_key, envelope* mail, urgency how);
/// As post_abroad, from a thread of no scheduler of this runtime, which visits it. waits_for_room: the thread itself waits, so it
/// is a plain one.
posted post_from_outside(runtime& home, pid to, envelope_ptr mail, const patience& at_full, urgency how = urgency::ordinary);
/// Wakes a process, which looks itself for what has happened. From a plain thread.
void nudge_from_outside(runtime& home, std::uint64_t key) noexcept;
/// Before memory is asked for: throws std::bad_alloc, where a simulated world has none just now. Any thread.
MOTE_COLD void ask_for_memory();
/// A signal to be posted. Throws std::bad_alloc: make it before anything is changed.
envelope_ptr make_signal(signal&& news);
/// Posts a signal, or mail that is to be looked at as soon. False: the process has ended.
bool post_urgent(core& here, std::uint64_t to_key, envelope_ptr mail) noexcept;
inline bool post_signal(core& here, std::uint64_t to_key, signal&& news) {
  return post_urgent(here, to_key, make_signal(std::move(news)));
}
/// A message that carries the name `which` of the receiver's: a reply, a down.
template <class Value>
bool post_marked(core& here, std::uint64_t to_key, ref which, Value&& value) {
  envelope* const mail = make_envelope(std::forward<Value>(value));
  mail->mark = which.number();
  mail->slot = which.slot() & 0xFFFFFF;
  return post_to(here, to_key, mail, urgency::urgent);
}
/// Yields when the running process has used up its slice; ends it if it has overflowed its stack (overflow.cpp, W1), else never.
MOTE_COLD void yield_used_up(core& here);
inline void yield_if_used_up(core& here) {
  if (here.slice_used_up()) [[unlikely]] yield_used_up(here);
}

// ---- drain.cpp ----
/// Sorts everything that has arrived: messages to the pending list, signals and answers to where they act. Owner. Throws
/// std::bad_alloc, with what could not be sorted still in the mailbox.
void sort_mail(core& here, process& self);
/// The same of what was handed over alone, if that is a message to be kept. False, and nothing was done: it is not, or is not there.
bool keep_handed(process& self) noexcept;
/// The same, and whether there was memory for it.
bool sort_if_possible(core& here, process& self) noexcept;
/// Closes the mailbox of a process that ends for this reason: ties asked for so far are made, messages dropped, requests
/// refused. Throws std::bad_alloc, and is to be called again then.
void sort_last_mail(core& here, process& self, const reason& why);
/// Takes a message over to where receive finds it.
void keep(core& here, process& self, envelope* mail) noexcept;
/// Removes marked messages from the pending list; returns how many.
std::size_t drop_marked(process& self, std::uint64_t number);

// ---- finish.cpp ----
/// Thrown to end a process. Not a std::exception, so that catch blocks for errors let it pass. It is lost where it would leave a
/// noexcept function: g++ 12 then calls std::terminate, if there are cleanups on the way, without catching it first.
struct exit_unwind {
  exit_unwind() noexcept { lsan_may_be_lost(this); }
};
/// Makes this the reason for which the process is to end, if none stands yet.
void doom(process& self, const reason& why, bool killed);
/// Why a doomed process ends, in words. On its own stack.
MOTE_COLD reason doom_of(const process& self) noexcept;
/// Ends the process if it is doomed: throws exit_unwind, or, when that has been swallowed too often, abandons it. Returns
/// while the stack unwinds.
MOTE_COLD void end_doomed(core& here, process& self);
/// A process that is to end did not, once more: too often, and it is abandoned.
MOTE_COLD void wear_down(core& here, process& self) noexcept;
inline void end_if_doomed(core& here, process& self) {
  if (self.has(process_flags::doomed)) [[unlikely]] end_doomed(here, self);
}
/// Ends the process at once, without unwinding: its stack is discarded.
[[noreturn]] MOTE_COLD void abandon(core& here, process& self);
/// Destroys the body of a process that has not run it, or of a server.
void give_up_body(process& self) noexcept;
/// Ends a process whose stack holds nothing any more: tells everyone, gives the block back. Without memory for that the
/// process is made ready once more, on no stack, to go on with its end when its turn comes (X4).
void finish(core& here, process& self, const reason& why) noexcept;
/// Unties what was tied in nobody's name.
void forget_nobody(core& here) noexcept;

// ---- wait.cpp ----
/// Waits for news, until the deadline: any mail if that is what it waits for, else signals and answers only. False: the time
/// is up and there is no news.
bool wait_for_news(process& self, std::uint64_t deadline_ns, wait_reason why);
/// Sleeps until somebody nudges it or there is news; may return early. False: the time is up.
bool wait_for_wake(process& self, std::uint64_t deadline_ns, wait_reason why);
/// Waits until that is so; who makes it so nudges the process (nudge_from_outside). Nothing else ends the wait, not even a kill.
void wait_out(process& self, const std::atomic<bool>& done) noexcept;
/// A limit to the waits made while one lives, which counts from the scheduler's next look at its timers: so it never comes
/// early, and costs little as long as what is waited for comes sooner (wait.cpp, P2). At most one a process at a time.
class lax_limit {
 public:
  lax_limit(process& self, std::chrono::nanoseconds limit) noexcept : self_(self), limit_(limit) {
    self.wait_timer = {nullptr, static_cast<std::uint64_t>(limit.count())};
  }
  lax_limit(const lax_limit&) = delete;
  lax_limit& operator=(const lax_limit&) = delete;
  ~lax_limit() {
    if (self_.wait_timer.node != nullptr) [[unlikely]] timer_wheel::cancel(self_.wait_timer, &current_core()->timers());
    self_.wait_timer = {};
  }
  /// As wait_for_news.
  bool wait(wait_reason why) const;

 private:
  process& self_;
  std::chrono::nanoseconds limit_;
};
/// Sleeps once, unless there is news already, until somebody nudges it who makes room: who wakes it is a process, so this is no
/// wait for the outside. The process is not killed. limit: that of the wait, nullptr: none. False: the time is up. Throws
/// std::bad_alloc, when there is no memory for the timer.
bool wait_for_room(process& self, const lax_limit* limit);
/// Takes the signals that have come, and ends the process if it is doomed.
void heed_signals(core& here, process& self);

// ---- request.cpp ----
/// Of a request about to be taken out of the mailbox: its process owes the answer from now on. Throws std::bad_alloc.
void owe_answer(process& self, envelope& mail);

// ---- server.cpp ----
/// Runs a server at the bottom of a stack, until it is idle, its slice is spent, or it has ended. The caller must not touch
/// it afterwards. May come back on another scheduler.
void serve(process& self) noexcept;
/// What a server had in hand when it ended is as if unread.
void give_back_in_hand(process& self) noexcept;

// ---- ties.cpp ----
/// Does what a signal says to the process it came to, which calls this itself. May take the mail over. Throws
/// std::bad_alloc, with nothing done and the mail still the caller's.
void handle_signal(core& here, process& self, envelope_ptr& mail);
/// Tells everyone tied to a process that it has ended, and gives up what it watched. Sets the flag `heard` when somebody was
/// told. Throws std::bad_alloc: the next call tells the others.
void cut_ties(core& here, process& self, const reason& why);
/// This side of a link, and word to the other. False: it has ended, and there is no link.
bool link_to(core& here, process& self, std::uint64_t peer_key);
/// Undoes link_to; false when there was none.
bool unlink_from(core& here, process& self, std::uint64_t peer_key);
/// Asks for a `down` of that process, whose key this is; 0: of a place that nobody knows the way to, or it names nobody.
ref watch_from(core& here, process& self, pid who, std::uint64_t key);
/// Both sides of what ties a process that nobody knows yet to the one that starts it. Returns the monitor, if it is one.
ref tie_newborn(core& here, process& self, process& child, tie how, std::uint64_t child_key);
/// Whether that process has ended and told everyone (finish.cpp, X2).
bool has_told_all(const runtime& home, std::uint64_t key) noexcept;
/// Tells the sender of mail that came too late for `dead` what it would have been told had it come later still. May take the
/// mail over. Throws std::bad_alloc, with nothing done.
MOTE_COLD void answer_for_the_dead(core& here, pid dead, envelope_ptr& mail);
/// One side of a link to a process that has none yet with this one.
void add_new_link(core& here, process& self, std::uint64_t peer_key);
/// The watcher's side of a monitor.
ref add_monitor(core& here, process& self, std::uint64_t peer_key);
ref_table& refs_of(process& self);
/// An exit signal from `from` arrives at self: Erlang's rules. by_link: because a linked process ended; then `kill` is a
/// reason like any other.
void receive_exit(process& self, pid from, const reason& why, bool by_link);

// ---- request.cpp ----
/// Tells who asked that there will be no answer.
void refuse_request(core& here, process& asked, const envelope& mail, const reason& why);
void refuse_open_requests(core& here, process& self, const reason& why);
/// The asker wants no answer any more, or has one.
void request_done(process& self, std::uint64_t number) noexcept;

// ---- names.cpp ----
/// Throws usage_error, with `call`'s name, when the name is empty or taken, or the process has one or has ended.
void name_process(runtime& home, process& who, std::uint64_t key, std::string_view name, const char* call);
/// Gives the name free; the process's own details still tell it.
void unname_process(runtime& home, process& who) noexcept;
void drop_details(runtime& home, process& who) noexcept;

// ---- info.cpp ----
process_state state_of(const process& block) noexcept;
void report_crash(core& here, process& dead, const reason& why) noexcept;
/// The same for a child that its supervisor, the caller, has news of: by its id there.
void report_child(std::string_view id, pid child, const reason& why);

// ---- overflow.cpp ----
/// Whether the fault was an overflow of the running process's stack; then the process goes on, on the stack's reserve, and is to
/// end, or the program has ended. For a handler of memory faults: any thread, async-signal-safe.
bool catch_overflow(const fault& what) noexcept;
/// Puts into words why a process ends that has overflowed the stack it has. Where there is no memory for it: without words. Ends
/// the program if the process leaves a lock behind.
reason overflow_reason(const core& here, const process& self) noexcept;

/// Everything a new process starts from, filled in before it can be seen.
process* new_process(core& here, const closure_type& body, const spawn_options* options);
void discard_process(core& here, process& unborn) noexcept;

}  // namespace mote::detail
