// What gdb is shown: processes that wait in known places, one that runs, and a moment at which to stop.
#include <mote/mote.hpp>

#include <atomic>
#include <cstdlib>

namespace {

std::atomic<bool> runs{false}, over{false};

__attribute__((noinline)) void waits_for_ever() {
  mote::receive<int>();
  __asm__ volatile("");
}

__attribute__((noinline)) void computes_for_ever() {
  runs = true;
  while (!over) {
  }
}

}  // namespace

extern "C" __attribute__((noinline)) void stop_here() { __asm__ volatile(""); }

// With an argument it ends there by an abort, with a core.
int main(int count, char**) {
  mote::options given;
  given.schedulers = 2;
  given.max_processes = 1024;
  return mote::run([count] {
    const mote::pid waiter = mote::spawn(mote::spawn_options{.name = "waiter", .label = "shown"}, waits_for_ever);
    const mote::pid asker = mote::spawn(mote::spawn_options{.name = "asker"}, [](mote::pid asked) {
      mote::receive_reply<int>(mote::request(asked, std::string("question")));
    }, waiter);
    mote::spawn(mote::spawn_options{.name = "busy"}, computes_for_ever);
    mote::spawn_options few{.name = "limited"};
    few.mailbox.messages = 20;
    few.mailbox.types = {mote::limit_for<char>({})};
    const mote::pid limited = mote::spawn(few, [] {
      for (int i = 0; i < 5; ++i) mote::receive<int>();
      mote::receive<double>();
    });
    for (int i = 0; i < 7; ++i) mote::send(limited, i);
    mote::send(limited, 'c');
    while (mote::info(limited)->mailbox_messages != 3 || mote::info(limited)->state != mote::process_state::waiting) mote::yield();
    while (!runs || mote::info(asker)->state != mote::process_state::waiting) mote::yield();
    stop_here();
    if (count > 1) std::abort();
    over = true;
  }, given);
}
