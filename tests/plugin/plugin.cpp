// A plugin that uses mote: loaded, run and unloaded again and again by host.cpp, which knows nothing of it.
#include <mote/mote.hpp>

#include <exception>

namespace {

struct number {
  int value;
};

// Talks to itself by everything that registers something somewhere: handlers, names, timers, an outside mailbox.
int use_mote() {
  mote::options given;
  given.schedulers = 2;
  given.max_processes = 1u << 12;
  given.catch_terminate = given.catch_stack_overflow = true;
  mote::runtime rt(given);
  mote::outside_mailbox box(rt, {.name = "host"});
  rt.spawn([] {
    mote::send_after(std::chrono::hours(1), mote::self(), number{0});
    mote::send("host", number{40});
    mote::receive<std::string>();
  });
  const int sum = box.receive<number>().value + rt.call([] { return 2; });
  try {
    rt.call([] { throw std::runtime_error("crosses"); });
  } catch (const std::runtime_error&) {
    return rt.shutdown().empty() ? sum : -2;
  }
  return -1;
}

}  // namespace

extern "C" int run_plugin() {
  try {
    return use_mote() + mote::run([] { return 0; });
  } catch (const std::exception&) {
    return -3;
  }
}
