// A call that blocks, beside the scheduler: a thread of the pool runs it while its process waits.
//
// B1  The call may reach the process's stack, so nothing lets the process go on, or end, before it has returned.
// O1  the call, and what came of it, -> done (release) -> wait_out (acquire). Nothing of the process's is touched after that:
//     it is nudged by its key.
#include "runtime/os/system_refusal.hpp"
#include "runtime/process/core.hpp"

#include <mote/blocking.hpp>

#include <cerrno>
#include <exception>

namespace mote::detail {

namespace {

struct blocking_call {
  void (*const call)(void*);
  void* const what;
  int error;  // errno, before and after
  std::exception_ptr thrown;
  std::atomic<bool> done{false};

  void run(runtime& home, std::uint64_t key) noexcept {
    errno = error;
    try {
      call(what);
    } catch (...) {
      thrown = std::current_exception();
    }
    error = errno;
    done.store(true, release);  // O1
    nudge_from_outside(home, key);
  }
};

// Throws std::system_error when there is no thread but the schedulers', which never come free, and none can be had.
void start(blocking_call& asked, runtime& home, std::uint64_t key) {
  const auto run = [&asked, &home, key] { asked.run(home, key); };
  thread_pool& threads = home.schedulers.threads();
  const std::error_code refused = threads.try_run(run);
  if (!refused) return;
  home.schedulers.lack_thread(refused);
  if (threads.in_use() <= home.schedulers.size()) throw system_refusal(refused, "mote::blocking: a thread", asked_for::thread);
  threads.run(run);
}

// Not in the midst of its end, nor where all that happens has one order.
bool may_wait(core& here, const process& self) noexcept {
  return !has_ended(self) && self.doing.load(relaxed) != activity::exiting && !here.order().orders();
}

// False: it is to be run in place.
bool run_beside(blocking_call& asked) {
  const entry door("mote::blocking");
  process& self = door.self();
  door.here().spend(cost::spawn);
  yield_if_used_up(door.here());
  heed_signals(door.here(), self);
  if (!may_wait(door.here(), self)) return false;
  start(asked, door.home(), self.key());
  wait_out(self, asked.done);  // B1
  heed_signals(door.here(), self);
  return true;
}

}  // namespace

void run_blocking(void (*call)(void* what), void* what) {
  blocking_call asked{call, what, errno, nullptr};
  if (!run_beside(asked)) return call(what);
  errno = asked.error;
  if (asked.thrown != nullptr) std::rethrow_exception(asked.thrown);
}

}  // namespace mote::detail
