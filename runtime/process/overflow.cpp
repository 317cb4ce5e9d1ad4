// How a process ends that has overflowed its stack, and nobody else with it. The handler runs on the thread's signal stack, takes
// no lock that anyone waits for, and allocates nothing.
//
// W1  A fault in the closed part below the running process's stack, at or above what the stack pointer has come to, is an
//     overflow. The reserve is opened, the process goes on as if nothing had been, and is doomed: it ends, unwinding, at its next
//     call that may end it; its slice is spent, so that one which only charges it, as send does, ends it too.
// W2  Who runs through the reserve calls nothing. It is thrown out of a call of its own: at the next instruction outside of the C
//     and C++ libraries that calls, and where the compiler expects that what is called may throw, it is as if it had thrown. So
//     destructors run and what they unlock is unlocked, and no library is left in the midst of something. Until it comes to
//     such a call it goes on instruction by instruction, on the last stand.
// W3  A frame that is larger than all that can be opened has done nothing yet: it is as if the call of its function had thrown.
// W4  Where neither can be done in a function of the program's own, because the last stand has been used up as well, the process
//     is abandoned: its stack is discarded. Elsewhere there is one report, and the program ends: in the midst of a library or
//     of the runtime, in a destructor in nobody's name, on a processor not known.
// W5  A compiler that sees that nothing in there throws leaves out what would have destroyed and unlocked. So at the end of whoever
//     was thrown out this way, or abandoned, the locks that name its thread are watched from then on (left_locks.hpp): the program
//     ends, with a report, when others wait for one.
#include "runtime/process/core.hpp"

#include "runtime/base/plain_line.hpp"
#include "runtime/os/fault.hpp"
#include "runtime/os/locks_left.hpp"
#include "runtime/os/symbols.hpp"
#include "runtime/os/this_thread.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <system_error>
#include <vector>

namespace mote::detail {

namespace {

constexpr std::size_t most_frames = 48;          // between a fault and a function of the program's own
constexpr std::uint32_t most_steps = 1u << 20;  // a second or so
constexpr std::size_t room_to_throw = 8 * kib;
constexpr std::size_t below_pointer = 4 * kib;  // that a function may touch: the red zone, or probing of a page

// Name and label, unless somebody changes them just now.
void add_details(plain_line& line, runtime& home, const process& self) noexcept {
  if (!home.details_lock.try_lock()) return;
  if (self.details != nullptr && !self.details->name.empty())
    line << " \"" << std::string_view(self.details->name).substr(0, 64) << "\"";
  if (self.details != nullptr && !self.details->label.empty())
    line << " (" << std::string_view(self.details->label).substr(0, 128) << ")";
  home.details_lock.unlock();
}

// Which stack that is, if the fault is an overflow of it (W1). A write through a wild pointer is none.
stack* overflowed_stack(const core& here, const fault& what) noexcept {
  stack* const ground = here.machine::current;
  if (ground == nullptr || here.home.stacks.find(what.address()).owner != ground) return nullptr;
  const bool below = what.address() < ground->open_from();
  const bool near = what.address() >= what.stack_pointer() - below_pointer;
  return below && near && what.stack_pointer() < ground->top() ? ground : nullptr;
}

// The innermost function of the program's own, for people.
const std::byte* own_code(const fault& what) noexcept {
  std::array<call_frame, most_frames> calls;
  const std::size_t count = what.callers(calls);
  const auto end = calls.begin() + static_cast<std::ptrdiff_t>(count);
  const auto own = std::find_if(calls.begin(), end, [](const call_frame& each) { return !in_system_library(each.at); });
  return own != end ? own->at : what.instruction();
}

// W1
void doom_overflowed(core& here, process& self, stack& ground, const fault& what) noexcept {
  if (ground.overflowed_at == nullptr) ground.overflowed_at = own_code(what);
  if (&self == &here.nobody) return;
  doom(self, reason(reason_kind::stack_overflow), false);
  here.end_slice();
}

// What a process calls that has run through its reserve, without knowing (W2).
[[noreturn]] void throw_out() {
  core& here = *enter(*current_core());
  wear_down(here, *here.current());
  here.leave();
  throw exit_unwind{};
}

// W2. False: it cannot leave here.
bool leave_at_call(const fault& what) noexcept {
  const std::size_t bytes = what.bytes_of_call();
  call_frame own;
  if (bytes == 0 || what.callers({&own, 1}) == 0) return false;
  own.at += bytes;
  if (!expects_exception(own)) return false;
  what.call_instead(own, &throw_out);
  return true;
}

// W2
bool leave_soon(stack& ground, const fault& what) noexcept {
  if (in_system_library(what.instruction()) || !leave_at_call(what)) return what.step(true);
  ground.steps_left = 0;
  return what.step(false);
}

bool leave_later(const core& here, stack& ground, const fault& what) noexcept {
  if (ground.steps_left == 0) return false;
  if (!here.inside() && --ground.steps_left != 0) return leave_soon(ground, what);
  ground.steps_left = 0;
  return what.step(false);  // the runtime ends it, or it overflows once more
}

// W3
bool leave_large_frame(stack& ground, const fault& what) noexcept {
  std::array<call_frame, 2> calls;
  if (in_system_library(what.instruction()) || what.callers(calls) < calls.size()) return false;
  if (calls[1].stack_pointer < ground.open_from() + room_to_throw) return false;
  what.call_instead(calls[1], &throw_out);
  return true;
}

bool leave_last_stand(const core& here, stack& ground, const fault& what) noexcept {
  if (here.current() == &here.nobody) return false;
  const bool fits = open_last_stand(ground) && what.address() >= ground.open_from();
  ground.overflowed_on = this_thread_number();
  if (here.inside()) return fits;
  ground.steps_left = most_steps;
  return fits ? leave_soon(ground, what) : leave_large_frame(ground, what);
}

// What a process calls, on top of its stack, that cannot go on below (W4).
[[noreturn]] MOTE_NO_SANITIZE void abandon_overflowed() {
  stack& ground = *current_core()->machine::current;
  asan_unpoison(ground.open_from(), ground.usable_bytes());
  core& here = *enter(*current_core());
  abandon(here, *here.current());
}

// W4
bool leave_for_good(const core& here, const stack& ground, const fault& what) noexcept {
  if (here.current() == &here.nobody || here.inside() || in_system_library(what.instruction())) return false;
  call_frame top;
  if (what.callers({&top, 1}) == 0) return false;
  top.at = nullptr;
  top.stack_pointer = const_cast<std::byte*>(ground.top());
  what.call_instead(top, &abandon_overflowed);
  return what.step(false);
}

void describe(plain_line& line, const core& here, const process& self, const stack& ground, const std::byte* at,
              std::string_view what_is_wrong) noexcept {
  const code_place place = find_code(at);
  if (&self == &here.nobody) {
    line << "mote: a destructor or hook that ran in the name of a process that has ended";
  } else {
    line << "mote: process " << here.home.table.pid_of(self.key());
    add_details(line, here.home, self);
  }
  line << " overflowed its stack of " << ground.usable_bytes() << " bytes, of a slot of " << slot_bytes(ground.size_class)
       << ", in " << std::string_view(place.symbol[0] != '\0' ? place.symbol : "a function without a name") << " ("
       << std::string_view(place.module) << "), and " << what_is_wrong
       << ": the program ends. spawn_options::max_stack and options::stack_bytes (MOTE_STACK_BYTES) give more\n";
}

// W4 W5. The program ends.
[[noreturn]] void give_up(const core& here, const process& self, const stack& ground, const std::byte* at,
                          std::string_view what_is_wrong) noexcept {
  plain_line line;
  describe(line, here, self, ground, at, what_is_wrong);
  line.print();
  std::abort();
}

// W5
void check_locks(const core& here, const process& self, const stack& ground) {
  lock_holder by = lock_holder::here();
  if (static_cast<int>(by.thread) != ground.overflowed_on) by = {static_cast<std::uint32_t>(ground.overflowed_on), 0};  // it has moved
  std::optional<std::vector<const std::byte*>> held = locks_held(by, here.home.stacks.addresses());
  if (!held) give_up(here, self, ground, ground.overflowed_at, "without /proc nobody can tell whether it holds a lock");
  if (held->empty()) return;
  plain_line report;
  describe(report, here, self, ground, ground.overflowed_at, "held a lock for which others wait");
  try {
    here.home.locks_left.watch(here.home.schedulers, by, *held, std::string(report.view()));
  } catch (const std::system_error&) {  // no thread: then nobody tells
  }
}

}  // namespace

bool catch_overflow(const fault& what) noexcept {
  core* const here = current_core();
  if (here == nullptr || here->running() == nullptr || here->machine::current == nullptr) return false;
  if (what.is_step()) return leave_later(*here, *here->machine::current, what);
  stack* const ground = overflowed_stack(*here, what);
  if (ground == nullptr) return false;
  process& self = *here->current();
  doom_overflowed(*here, self, *ground, what);
  if (open_reserve(*ground) && what.address() >= ground->open_from()) return true;
  if (leave_last_stand(*here, *ground, what)) return true;
  if (leave_for_good(*here, *ground, what)) return true;
  give_up(*here, self, *ground, what.instruction(), "ran on through its reserve, where it cannot be ended");
}

reason overflow_reason(const core& here, const process& self) noexcept {
  const stack& ground = *self.ground;
  try {
    if (ground.opened == 2) check_locks(here, self, ground);
    return reason(reason_kind::stack_overflow,
                  "in " + function_at(ground.overflowed_at) + ": the " + std::to_string(ground.usable_bytes()) +
                      " bytes of a stack of " + std::to_string(slot_bytes(ground.size_class)) +
                      " are used up; spawn_options::max_stack and options::stack_bytes (MOTE_STACK_BYTES) give more");
  } catch (const std::bad_alloc&) {
    return reason(reason_kind::stack_overflow);
  }
}

}  // namespace mote::detail
